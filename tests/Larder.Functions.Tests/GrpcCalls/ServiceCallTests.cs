using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Larder.Functions.Tests.Hosting;
using Larder.Grpc;
using Larder.Grpc.Protocol;
using Larder.Inference.Signatures;
using Larder.Testing;
using Larder.Testing.Onnx;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using static Larder.Functions.Tests.GrpcCalls.GrpcFixture;

namespace Larder.Functions.Tests.GrpcCalls;

/// <summary>The calls beside inference, and the services for health and reflection, by generated clients.</summary>
[Collection(nameof(GrpcLarder))]
public sealed class ServiceCallTests(GrpcFixture larder)
{
    private GRPCInferenceService.GRPCInferenceServiceClient Inference => larder.Inference;

    [Fact]
    public async Task The_server_tells_its_health_and_what_it_is()
    {
        var http = (await larder.Client.GetJsonAsync("/v2")).Body;
        var server = await Inference.ServerMetadataAsync(new ServerMetadataRequest(), With(Key));

        Assert.True((await Inference.ServerLiveAsync(new ServerLiveRequest())).Live);
        await Eventually.TrueAsync(async () => (await Inference.ServerReadyAsync(new ServerReadyRequest())).Ready);
        Assert.Equal(("larder", (string?)http["version"]), (server.Name, server.Version));
        Assert.Equal(http["extensions"]!.AsArray().Select(name => (string?)name), server.Extensions);
    }

    [Fact]
    public async Task A_model_tells_what_it_takes_and_gives()
    {
        await larder.Client.UploadAsync("rpc-meta", OnnxModel.Identity(Datatype.Bytes, -1, 2));
        await larder.Client.UploadAsync("rpc-meta", OnnxModel.Linear());

        var newest = await Inference.ModelMetadataAsync(new ModelMetadataRequest { Name = "rpc-meta" }, With(Key));
        var first = await Inference.ModelMetadataAsync(new ModelMetadataRequest { Name = "rpc-meta", Version = "1" }, With(Key));
        var config = (await Inference.ModelConfigAsync(new ModelConfigRequest { Name = "rpc-meta", Version = "1" }, With(Key))).Config;

        Assert.Equal(
            """{ "name": "rpc-meta", "versions": [ "1", "2" ], "platform": "onnx_onnxv1", "inputs": [ { "name": "x", "datatype": "FP32", "shape": [ "-1", "4" ] } ], "outputs": [ { "name": "label", "datatype": "INT64", "shape": [ "-1" ] }, { "name": "probabilities", "datatype": "FP32", "shape": [ "-1", "3" ] } ] }""",
            newest.ToString());
        Assert.Equal("BYTES", Assert.Single(first.Inputs).Datatype);
        Assert.Equal(
            """{ "name": "rpc-meta", "platform": "onnxruntime_onnx", "input": [ { "name": "x", "dataType": "TYPE_STRING", "dims": [ "-1", "2" ] } ], "output": [ { "name": "y", "dataType": "TYPE_STRING", "dims": [ "-1", "2" ] } ], "backend": "onnxruntime" }""",
            config.ToString());
        Assert.True((await Inference.ModelReadyAsync(new ModelReadyRequest { Name = "rpc-meta", Version = "2" }, With(Key))).Ready);
    }

    [Fact]
    public async Task A_model_that_does_not_exist_is_not_found_by_any_call()
    {
        Func<Task>[] calls =
        [
            async () => await Inference.ModelReadyAsync(new ModelReadyRequest { Name = "none" }, With(Key)),
            async () => await Inference.ModelMetadataAsync(new ModelMetadataRequest { Name = "none" }, With(Key)),
            async () => await Inference.ModelConfigAsync(new ModelConfigRequest { Name = "none" }, With(Key)),
            async () => await Inference.ModelStatisticsAsync(new ModelStatisticsRequest { Name = "none" }, With(Key)),
            async () => await Inference.RepositoryModelLoadAsync(new RepositoryModelLoadRequest { ModelName = "none" }, With(Key)),
            async () => await Inference.RepositoryModelUnloadAsync(new RepositoryModelUnloadRequest { ModelName = "none" }, With(Key)),
        ];

        foreach (var call in calls)
            Assert.Equal(StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(call)).StatusCode);
    }

    [Fact]
    public async Task A_model_is_loaded_and_unloaded_and_serves_after_both()
    {
        await larder.UploadAsync("rpc-control", OnnxModel.Linear());
        var index = await Inference.RepositoryIndexAsync(new RepositoryIndexRequest { Ready = true }, With(Key));
        Assert.Contains(new RepositoryIndexResponse.Types.ModelIndex { Name = "rpc-control", Version = "1", State = "READY", Reason = "" }, index.Models);

        await Inference.RepositoryModelLoadAsync(new RepositoryModelLoadRequest { ModelName = "rpc-control" }, With(Key));
        await Inference.RepositoryModelUnloadAsync(new RepositoryModelUnloadRequest { ModelName = "rpc-control" }, With(Key));
        await larder.InferAsync(Raw("rpc-control", "FP32", [1, 4], new byte[16]));

        var load = new RepositoryModelLoadRequest { ModelName = "rpc-control", Parameters = { { "config", new ModelRepositoryParameter { StringParam = "{}" } } } };
        Assert.Equal(StatusCode.Unimplemented, (await Assert.ThrowsAsync<RpcException>(async () => await Inference.RepositoryModelLoadAsync(load, With(Key)))).StatusCode);
    }

    [Fact]
    public async Task Statistics_count_what_was_predicted()
    {
        await larder.UploadAsync("rpc-counted", OnnxModel.Linear());
        var before = Assert.Single((await Inference.ModelStatisticsAsync(new ModelStatisticsRequest { Name = "rpc-counted" }, With(Key))).ModelStats);
        await larder.InferAsync(Raw("rpc-counted", "FP32", [3, 4], new byte[48]));
        await larder.RefusedAsync(Raw("rpc-counted", "FP32", [3, 4], new byte[47]));

        var after = Assert.Single((await Inference.ModelStatisticsAsync(new ModelStatisticsRequest { Name = "rpc-counted", Version = "1" }, With(Key))).ModelStats);
        var all = await Inference.ModelStatisticsAsync(new ModelStatisticsRequest(), With(Key));

        Assert.Equal(("rpc-counted", "1", 0ul, 0ul), (before.Name, before.Version, before.InferenceCount, before.LastInference));
        Assert.Equal((3ul, 1ul, 1ul, 1ul), (after.InferenceCount, after.ExecutionCount, after.InferenceStats.Success.Count, after.InferenceStats.Fail.Count));
        Assert.True(after.InferenceStats.Success.Ns > after.InferenceStats.ComputeInfer.Ns);
        Assert.Equal(3ul, Assert.Single(after.BatchStats).BatchSize);
        Assert.InRange(DateTimeOffset.FromUnixTimeMilliseconds((long)after.LastInference), DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow);
        Assert.Contains(after, all.ModelStats);
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await Inference.ModelStatisticsAsync(new ModelStatisticsRequest { Version = "1" }, With(Key)));
        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
    }

    [Theory]
    [InlineData("")]
    [InlineData("inference.GRPCInferenceService")]
    public async Task The_health_protocol_follows_readiness(string service)
    {
        var health = new Health.HealthClient(larder.Channel);
        await Eventually.TrueAsync(async () => (await health.CheckAsync(new HealthCheckRequest { Service = service })).Status == HealthCheckResponse.Types.ServingStatus.Serving);
        using var watch = health.Watch(new HealthCheckRequest { Service = service });

        Assert.True(await watch.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, watch.ResponseStream.Current.Status);
    }

    [Fact]
    public async Task The_health_of_another_service_is_not_known()
    {
        var health = new Health.HealthClient(larder.Channel);
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await health.CheckAsync(new HealthCheckRequest { Service = "other" }));
        using var watch = health.Watch(new HealthCheckRequest { Service = "other" });

        Assert.Equal(StatusCode.NotFound, refused.StatusCode);
        Assert.True(await watch.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.ServiceUnknown, watch.ResponseStream.Current.Status);
    }

    [Fact]
    public async Task A_server_that_is_not_ready_does_not_serve_and_one_that_stops_says_so()
    {
        await using var waiting = await LarderProcess.StartWithGrpcAsync(await Azurite.AccountAsync(), ("Preload", "no-such-model"));
        using var channel = GrpcChannel.ForAddress(waiting.GrpcAddress!);
        var health = new Health.HealthClient(channel);

        Assert.Equal(HealthCheckResponse.Types.ServingStatus.NotServing, (await health.CheckAsync(new HealthCheckRequest())).Status);
        Assert.False((await new GRPCInferenceService.GRPCInferenceServiceClient(channel).ServerReadyAsync(new ServerReadyRequest())).Ready);
        using var stream = new GRPCInferenceService.GRPCInferenceServiceClient(channel).ModelStreamInfer();
        await stream.RequestStream.WriteAsync(new ModelInferRequest { ModelName = "no-such-model" });
        Assert.True(await stream.ResponseStream.MoveNext(CancellationToken.None));
        var stopping = System.Diagnostics.Stopwatch.StartNew();
        var stopped = waiting.StopAsync();
        var ended = (await Assert.ThrowsAsync<RpcException>(() => stream.ResponseStream.MoveNext(CancellationToken.None))).Status;
        // The server resets what the client has not ended, and .NET's client may see that before the status.
        Assert.Contains($"{ended.StatusCode} {ended.Detail}".Split(". ")[0].TrimEnd('.'), (string[])["Unavailable The server stops", "Internal Error reading next message"]);
        Assert.Equal(0, await stopped);
        Assert.InRange(stopping.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(25));
    }

    [Fact]
    public async Task Reflection_lists_and_describes_the_services()
    {
        using var call = new global::Grpc.Reflection.V1.ServerReflection.ServerReflectionClient(larder.Channel).ServerReflectionInfo();
        await call.RequestStream.WriteAsync(new() { ListServices = "" });
        await call.ResponseStream.MoveNext(CancellationToken.None);
        var services = call.ResponseStream.Current.ListServicesResponse.Service.Select(service => service.Name).ToList();
        await call.RequestStream.WriteAsync(new() { FileContainingSymbol = "inference.GRPCInferenceService" });
        await call.ResponseStream.MoveNext(CancellationToken.None);

        Assert.Contains("inference.GRPCInferenceService", services);
        Assert.Contains("grpc.health.v1.Health", services);
        Assert.NotEmpty(call.ResponseStream.Current.FileDescriptorResponse.FileDescriptorProto);

        using var old = new global::Grpc.Reflection.V1Alpha.ServerReflection.ServerReflectionClient(larder.Channel).ServerReflectionInfo();
        await old.RequestStream.WriteAsync(new() { ListServices = "" });
        await old.ResponseStream.MoveNext(CancellationToken.None);
        Assert.Equal(services, old.ResponseStream.Current.ListServicesResponse.Service.Select(service => service.Name));
    }

    [Theory]
    [InlineData("inference.GRPCInferenceService", "Trace")]
    [InlineData("other.Service", "Call")]
    public async Task What_no_service_has_is_unimplemented(string service, string method)
    {
        var empty = Marshallers.Create<byte[]>(bytes => bytes, bytes => bytes);
        var refused = await Assert.ThrowsAsync<RpcException>(async () =>
            await larder.Channel.CreateCallInvoker().AsyncUnaryCall(new Method<byte[], byte[]>(MethodType.Unary, service, method, empty, empty), null, new CallOptions(With(Key)), []));

        Assert.Equal(StatusCode.Unimplemented, refused.StatusCode);
    }

    [Fact]
    public void A_method_that_does_not_say_who_may_call_it_keeps_the_server_from_starting()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddGrpc();
        var app = builder.Build();
        GrpcApplication.Map<Undeclared>(app);

        var refused = Assert.Throws<InvalidOperationException>(() => ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints).ToList());

        Assert.Equal("The gRPC method /grpc.health.v1.Health/Check does not say who may call it: it lacks [Requires].", refused.Message);
    }

    private sealed class Undeclared : Health.HealthBase;
}
