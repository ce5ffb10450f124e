using Grpc.Core;
using Grpc.Net.Client;
using Larder.Functions.Tests.Access;
using Larder.Functions.Tests.Hosting;
using Larder.Grpc.Protocol;
using Larder.Testing;
using Larder.Testing.Onnx;
using static Larder.Functions.Tests.GrpcCalls.GrpcFixture;

namespace Larder.Functions.Tests.GrpcCalls;

/// <summary>Who may call what over gRPC: the callers, roles, scopes and limits of HTTP.</summary>
[Collection(nameof(GrpcLarder))]
public sealed class CallAccessTests(GrpcFixture larder)
{
    // Written out, so that a change is seen.
    private static readonly (string Method, string Role)[] Expected =
    [
        ("ServerLive", "none"),
        ("ServerReady", "none"),
        ("ServerMetadata", "reader"),
        ("ModelReady", "reader"),
        ("ModelMetadata", "reader"),
        ("ModelConfig", "reader"),
        ("ModelStatistics", "reader"),
        ("RepositoryIndex", "reader"),
        ("ModelInfer", "predictor"),
        ("ModelStreamInfer", "predictor"),
        ("RepositoryModelLoad", "contributor"),
        ("RepositoryModelUnload", "contributor"),
    ];

    [Fact]
    public void Every_method_is_written_down() =>
        Assert.Equal(Expected.Select(call => call.Method).Order(), InferenceReflection.Descriptor.Services[0].Methods.Select(method => method.Name).Order());

    [Fact]
    public async Task Each_method_is_open_from_its_role_on()
    {
        string[] roles = ["none", "reader", "predictor", "contributor", "admin"];
        foreach (var (method, role) in Expected)
        {
            foreach (var caller in AccessFixture.Names)
            {
                var rank = caller == "anonymous" ? 0 : Array.IndexOf(roles, caller);
                var status = await CallAsync(method, caller == "anonymous" ? [] : With(AccessFixture.KeyOf(caller)));
                var expected = rank >= Array.IndexOf(roles, role) ? "allowed" : rank == 0 ? "Unauthenticated" : "PermissionDenied";

                Assert.Equal($"{method} {caller} {expected}", $"{method} {caller} {(status is StatusCode.Unauthenticated or StatusCode.PermissionDenied ? $"{status}" : "allowed")}");
            }
        }
    }

    [Theory]
    [InlineData("authorization", "Bearer the-key-of-reader-2c9f", StatusCode.OK)]
    [InlineData("authorization", "bearer the-key-of-reader-2c9f", StatusCode.OK)]
    [InlineData("x-functions-key", "the-key-of-reader-2c9f", StatusCode.OK)]
    [InlineData("authorization", "Bearer wrong", StatusCode.Unauthenticated)]
    [InlineData("authorization", "Digest x", StatusCode.Unauthenticated)]
    [InlineData("x-functions-key", "the-key-of-anonymous-2c9f", StatusCode.PermissionDenied)]
    public async Task Credentials_are_sent_as_metadata(string name, string value, StatusCode expected) =>
        Assert.Equal(expected, await CallAsync("ServerMetadata", new Metadata { { name, value } }));

    [Fact]
    public async Task A_refusal_says_what_is_missing_before_the_message_is_read()
    {
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await larder.Inference.ModelInferAsync(new ModelInferRequest(), With(AccessFixture.KeyOf("reader"))));
        var anonymous = await Assert.ThrowsAsync<RpcException>(async () => await larder.Inference.ModelInferAsync(new ModelInferRequest()));

        Assert.Equal("This needs the role predictor.", refused.Status.Detail);
        Assert.StartsWith("This needs the role predictor, and the request has no credentials. Send a token or key as Authorization: Bearer", anonymous.Status.Detail);
    }

    [Fact]
    public async Task A_token_with_a_scope_calls_the_models_of_its_scope_and_until_it_is_revoked()
    {
        await larder.UploadAsync("team-a-iris", OnnxModel.Linear());
        await larder.UploadAsync("team-b-iris", OnnxModel.Linear());
        var made = await larder.Client.SendJsonAsync(HttpMethod.Post, "/api/v1/admin/tokens", """{"name": "team-a", "role": "contributor", "scope": {"prefixes": ["team-a-"]}}""");
        var team = With((string)made.Body["token"]!);

        await larder.Inference.ModelInferAsync(Raw("team-a-iris", "FP32", [1, 4], new byte[16]), team);
        await larder.InferAsync(Raw("team-b-iris", "FP32", [1, 4], new byte[16]));
        Func<Task>[] others =
        [
            async () => await larder.Inference.ModelInferAsync(Raw("team-b-iris", "FP32", [1, 4], new byte[16]), team),
            async () => await larder.Inference.ModelInferAsync(Raw("team-b-iris:1", "FP32", [1, 4], new byte[16]), team),
            async () => await larder.Inference.ModelInferAsync(Raw("no-such-model", "FP32", [1, 4], new byte[16]), team),
            async () => await larder.Inference.ModelReadyAsync(new ModelReadyRequest { Name = "team-b-iris" }, team),
            async () => await larder.Inference.ModelMetadataAsync(new ModelMetadataRequest { Name = "team-b-iris" }, team),
            async () => await larder.Inference.ModelConfigAsync(new ModelConfigRequest { Name = "team-b-iris" }, team),
            async () => await larder.Inference.ModelStatisticsAsync(new ModelStatisticsRequest { Name = "team-b-iris" }, team),
            async () => await larder.Inference.RepositoryModelLoadAsync(new RepositoryModelLoadRequest { ModelName = "team-b-iris" }, team),
            async () => await larder.Inference.RepositoryModelUnloadAsync(new RepositoryModelUnloadRequest { ModelName = "team-b-iris" }, team),
        ];
        foreach (var call in others)
            Assert.Equal(StatusCode.PermissionDenied, (await Assert.ThrowsAsync<RpcException>(call)).StatusCode);
        Assert.Equal(["team-a-iris"], (await larder.Inference.RepositoryIndexAsync(new RepositoryIndexRequest(), team)).Models.Select(model => model.Name));
        Assert.Equal(["team-a-iris"], (await larder.Inference.ModelStatisticsAsync(new ModelStatisticsRequest(), team)).ModelStats.Select(model => model.Name));

        using var stream = larder.Inference.ModelStreamInfer(team);
        Assert.Equal("", await NextAsync("team-a-iris"));
        Assert.Equal("The scope of team-a does not have the model 'team-b-iris'.", await NextAsync("team-b-iris"));
        Assert.Equal(System.Net.HttpStatusCode.OK, (await larder.Client.SendJsonAsync(HttpMethod.Delete, $"/api/v1/admin/tokens/{(string)made.Body["info"]!["id"]!}")).Status);
        Assert.Equal("The token or key is not known to this server: it is wrong, or was revoked.", await NextAsync("team-a-iris"));

        async Task<string> NextAsync(string model)
        {
            await stream.RequestStream.WriteAsync(Raw(model, "FP32", [1, 4], new byte[16]));
            Assert.True(await stream.ResponseStream.MoveNext(CancellationToken.None));
            return stream.ResponseStream.Current.ErrorMessage;
        }
    }

    [Fact]
    public async Task A_call_has_the_id_of_its_caller_in_answer_and_log()
    {
        var id = $"rpc-{Guid.NewGuid():N}";
        Metadata metadata = [.. With(Key), new("x-request-id", id)];
        using var call = larder.Inference.ModelReadyAsync(new ModelReadyRequest { Name = "no-such-model" }, metadata);
        await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);
        using var other = larder.Inference.ServerMetadataAsync(new ServerMetadataRequest(), With(Key));
        await other;

        Assert.Equal(id, (await call.ResponseHeadersAsync).GetValue("x-request-id"));
        Assert.NotEmpty((await other.ResponseHeadersAsync).GetValue("x-request-id")!);
        await Eventually.TrueAsync(() => Task.FromResult(larder.Log.Split('\n').Any(line =>
            line.Contains("gRPC /inference.GRPCInferenceService/ModelReady was answered with NotFound", StringComparison.Ordinal) && line.Contains($"caller admin, request id {id}", StringComparison.Ordinal))));
    }

    [Fact]
    public async Task A_caller_that_calls_too_often_is_told_to_wait_and_so_are_the_messages_of_a_stream()
    {
        await using var strict = await LarderProcess.StartWithGrpcAsync(await Azurite.AccountAsync(), ("Limits:Rate:PerSecond", "1"), ("Limits:Rate:Burst", "3"), ("MasterKey", Key));
        using var channel = GrpcChannel.ForAddress(strict.GrpcAddress!);
        var client = new GRPCInferenceService.GRPCInferenceServiceClient(channel);

        using var stream = client.ModelStreamInfer(With(Key));
        var errors = new List<string>();
        for (var i = 0; i < 6; i++)
        {
            await stream.RequestStream.WriteAsync(new ModelInferRequest { ModelName = "none" });
            await stream.ResponseStream.MoveNext(CancellationToken.None);
            errors.Add(stream.ResponseStream.Current.ErrorMessage);
        }

        RpcException? refused = null;
        for (var i = 0; i < 10 && refused is null; i++)
        {
            try
            {
                await client.ServerMetadataAsync(new ServerMetadataRequest(), With(Key));
            }
            catch (RpcException exception)
            {
                refused = exception;
            }
        }

        Assert.Contains("master sends requests faster than this server takes them.", errors);
        Assert.Equal(StatusCode.ResourceExhausted, refused!.StatusCode);
        Assert.Equal("1000", refused.Trailers.GetValue("grpc-retry-pushback-ms"));
        Assert.True((await client.ServerLiveAsync(new ServerLiveRequest())).Live);
    }

    [Fact]
    public async Task Without_credentials_the_port_for_gRPC_is_on_loopback_only_and_every_caller_is_local()
    {
        await using var open = await LarderProcess.StartWithGrpcAsync(await Azurite.AccountAsync());
        using var channel = GrpcChannel.ForAddress(open.GrpcAddress!);
        var client = new GRPCInferenceService.GRPCInferenceServiceClient(channel);

        Assert.True(open.GrpcAddress!.IsLoopback);
        Assert.Equal("larder", (await client.ServerMetadataAsync(new ServerMetadataRequest())).Name);
        var rebound = await Assert.ThrowsAsync<RpcException>(async () => await client.ServerMetadataAsync(new ServerMetadataRequest(), new CallOptions(new Metadata { { "origin", "https://evil.example" } })));
        Assert.Equal((StatusCode.PermissionDenied, "Changes are not taken from the pages of other sites."), (rebound.StatusCode, rebound.Status.Detail));
    }

    private async Task<StatusCode> CallAsync(string method, Metadata metadata)
    {
        var bytes = Marshallers.Create<byte[]>(value => value, value => value);
        var invoker = larder.Channel.CreateCallInvoker();
        try
        {
            if (method == "ModelStreamInfer")
            {
                using var call = invoker.AsyncDuplexStreamingCall(new Method<byte[], byte[]>(MethodType.DuplexStreaming, "inference.GRPCInferenceService", method, bytes, bytes), null, new CallOptions(metadata));
                await call.RequestStream.CompleteAsync();
                await call.ResponseStream.MoveNext(CancellationToken.None);
                return call.GetStatus().StatusCode;
            }

            await invoker.AsyncUnaryCall(new Method<byte[], byte[]>(MethodType.Unary, "inference.GRPCInferenceService", method, bytes, bytes), null, new CallOptions(metadata), []);
            return StatusCode.OK;
        }
        catch (RpcException exception)
        {
            return exception.StatusCode;
        }
    }
}
