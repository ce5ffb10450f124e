using System.Net.Http.Headers;
using System.Text;
using Larder.Functions.Tests.Hosting;
using Larder.Functions.Tests.Prediction;
using Larder.Inference.Signatures;
using Larder.Testing;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.MLflowScoring;

/// <summary>A Larder that serves one model on the routes that name none, for the tests of MLflow scoring and of Azure ML.</summary>
public sealed class ServingFixture : IAsyncLifetime
{
    private LarderProcess? _larder;

    /// <summary>The names of the columns of <c>served</c>.</summary>
    public const string Features = """["a","b","c","d"]""";

    /// <summary>Talks to it.</summary>
    public HttpClient Client => _larder!.Client;

    /// <inheritdoc />
    public async Task InitializeAsync()
    {
        _larder = await LarderProcess.StartAsync(await Azurite.AccountAsync(), ("Serving:Model", "served"));
        Assert.Equal(404, (int)(await Client.GetAsync("/ping")).StatusCode);
        await Client.UploadAsync("served", OnnxModel.Linear(), fields: [("features", Features), ("alias", "blue")]);
        await Client.UploadAsync("served", OnnxModel.Linear(), fields: [("features", Features), ("description", "the second")]);
        await Client.UploadAsync("nameless", OnnxModel.Identity(Datatype.Fp32, "n", 3));
        await Client.UploadAsync("whole", OnnxModel.Identity(Datatype.Int64, "n", 2), fields: [("features", """["a","b"]""")]);
        await Client.UploadAsync("missing", OnnxModel.Identity(Datatype.Fp32, "n", 2), fields: [("features", """["a",{"name":"b","missing":true}]""")]);
        await Client.UploadAsync("mixed", TableTests.Mixed);
        await Client.UploadAsync("zipmap", OnnxModel.ZipMap());
        await Client.UploadAsync("wide", new OnnxModel()
            .Input("x", Datatype.Fp32, "n", 2).Input("t", Datatype.Bytes, "n").Output("y", Datatype.Fp32, "n", 2).Output("u", Datatype.Bytes, "n")
            .Node("Identity", ["x"], ["y"]).Node("Identity", ["t"], ["u"]).ToBytes());
        await Client.UploadAsync("sums", new OnnxModel()
            .Input("x", Datatype.Fp32, "n", 2).Output("y", Datatype.Fp32, "n", 2).Output("sum", Datatype.Fp32)
            .Node("Identity", ["x"], ["y"]).Node(new OnnxNode("ReduceSum", ["x"], ["sum"]).Int("keepdims", 0)).ToBytes());
    }

    /// <inheritdoc />
    public async Task DisposeAsync()
    {
        if (_larder is not null)
            await _larder.DisposeAsync();
    }

    /// <summary>Sends a body, and answers status, body, media type and headers.</summary>
    internal async Task<(int Status, string Body, string? Type, HttpResponseHeaders Headers)> SendAsync(HttpMethod method, string path, byte[]? body, string? type, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            if (type is not null)
                request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        }

        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using var response = await Client.SendAsync(request);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(), response.Content.Headers.ContentType?.MediaType, response.Headers);
    }

    /// <summary>The same with text.</summary>
    internal Task<(int Status, string Body, string? Type, HttpResponseHeaders Headers)> PostAsync(string path, string body, string? type = "application/json", params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Post, path, Encoding.UTF8.GetBytes(body), type, headers);
}

/// <summary>The tests that share <see cref="ServingFixture"/>.</summary>
[CollectionDefinition(nameof(ServingLarder))]
public sealed class ServingLarder : ICollectionFixture<ServingFixture>;
