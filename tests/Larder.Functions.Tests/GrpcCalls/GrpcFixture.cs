using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Larder.Functions.Tests.Access;
using Larder.Functions.Tests.Hosting;
using Larder.Grpc.Protocol;
using Larder.Testing;

namespace Larder.Functions.Tests.GrpcCalls;

/// <summary>One Larder with a port for gRPC that asks for keys, one for each role: those of <see cref="AccessFixture"/>.</summary>
public sealed class GrpcFixture : IAsyncLifetime
{
    /// <summary>Most bytes of a message: more than gRPC's own default of 4 MiB.</summary>
    public const int MostBytes = 6 << 20;

    /// <summary>The key of an administrator.</summary>
    public static readonly string Key = AccessFixture.KeyOf("admin");

    private Azurite? _azurite;
    private LarderProcess? _larder;
    private GrpcChannel? _channel;

    /// <summary>Talks to it over HTTP, as an administrator.</summary>
    public HttpClient Client => _larder!.Client;

    /// <summary>Talks to it over gRPC; a key is sent where a call has it.</summary>
    public GrpcChannel Channel => _channel!;

    /// <summary>What it has printed.</summary>
    public string Log => _larder!.Log;

    internal GRPCInferenceService.GRPCInferenceServiceClient Inference => new(Channel);

    /// <inheritdoc />
    public async Task InitializeAsync()
    {
        _azurite = await Azurite.StartAsync();
        _larder = await LarderProcess.StartWithGrpcAsync(
            _azurite.ConnectionString,
            [
                .. AccessFixture.Names.Select(name => ($"FunctionKeys:{name}", AccessFixture.KeyOf(name))),
                .. AccessFixture.Names.Where(name => name != "anonymous").Select(name => ($"Access:Keys:{name}:Role", name)),
                ("Limits:PredictionBytes", $"{MostBytes}"),
                ("Logging:LogLevel:Default", "Debug"),
            ]);
        Client.DefaultRequestHeaders.Add("x-functions-key", Key);
        _channel = GrpcChannel.ForAddress(_larder.GrpcAddress!, new GrpcChannelOptions { MaxReceiveMessageSize = null, MaxSendMessageSize = null });
    }

    /// <inheritdoc />
    public async Task DisposeAsync()
    {
        _channel?.Dispose();
        if (_larder is not null)
            await _larder.DisposeAsync();
        if (_azurite is not null)
            await ((IAsyncDisposable)_azurite).DisposeAsync();
    }

    /// <summary>A model that is there once, however many tests ask for it.</summary>
    public async Task UploadAsync(string name, byte[] model, params (string Name, string Value)[] fields)
    {
        if (!(await Client.GetAsync($"/api/v1/models/{name}")).IsSuccessStatusCode)
            Assert.Equal(201, (await Client.UploadAsync(name, model, fields: fields)).Code);
    }

    /// <summary>Metadata with a key.</summary>
    public static Metadata With(string key) => new() { { "authorization", $"Bearer {key}" } };

    internal async Task<ModelInferResponse> InferAsync(ModelInferRequest request) => await Inference.ModelInferAsync(request, With(Key));

    internal async Task<Status> RefusedAsync(ModelInferRequest request) => (await Assert.ThrowsAsync<RpcException>(() => InferAsync(request))).Status;

    internal static ModelInferRequest Request(string model, params ModelInferRequest.Types.InferInputTensor[] inputs) => new() { ModelName = model, Inputs = { inputs } };

    internal static ModelInferRequest.Types.InferInputTensor Input(string name, string datatype, long[] shape, InferTensorContents? contents = null) =>
        new() { Name = name, Datatype = datatype, Shape = { shape }, Contents = contents };

    internal static ModelInferRequest Raw(string model, string datatype, long[] shape, byte[] raw)
    {
        var request = Request(model, Input("x", datatype, shape));
        request.RawInputContents.Add(ByteString.CopyFrom(raw));
        return request;
    }
}

/// <summary>The tests that share <see cref="GrpcFixture"/>.</summary>
[CollectionDefinition(nameof(GrpcLarder))]
public sealed class GrpcLarder : ICollectionFixture<GrpcFixture>;
