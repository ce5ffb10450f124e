using Grpc.Core;
using Grpc.Net.Client;
using Larder.Functions.Tests.GrpcCalls;
using Larder.Functions.Tests.Hosting;
using Larder.Grpc.Protocol;
using Larder.Testing;
using Larder.Testing.Load;
using Xunit.Abstractions;

namespace Larder.Functions.Tests.Chaos;

/// <summary>
/// Predictions in all protocols, uploads, moves of aliases, deletions, loads and evictions at once: no request fails for a reason of the server's. A quarter of a minute; ten minutes, and also without growth of memory, with
/// LARDER_LONG_TESTS=1. <c>bench/load/run --only 8</c> is the same load with figures.
/// </summary>
public sealed class MixedLoadTests(ITestOutputHelper output)
{
    // A new server's memory grows while code is compiled and pools fill: only the long form says whether it stops.
    private const double MostGrowth = 1.05;

    [Fact]
    public async Task Everything_at_once_fails_no_request_and_leaks_no_handle_or_thread()
    {
        await using var azurite = await Azurite.StartAsync();
        await using var larder = await LarderProcess.StartWithGrpcAsync(azurite.ConnectionString, [.. MixedLoad.Settings]);
        using var channel = GrpcChannel.ForAddress(larder.GrpcAddress!);
        var service = new GRPCInferenceService.GRPCInferenceServiceClient(channel);
        var load = new MixedLoad(larder.Client, model => CallAsync(service, model));
        using var ending = new CancellationTokenSource();
        var sampling = ProcessSample.EachSecondAsync(larder.Id, ending.Token);

        await load.RunAsync(LongTests.Choose(brief: TimeSpan.FromSeconds(15), full: TimeSpan.FromMinutes(10)));
        await ending.CancelAsync();
        var samples = await sampling;

        foreach (var ((operation, status), count) in load.Counts.OrderBy(count => count.Key))
            output.WriteLine($"{operation}: {status} {count}");
        Assert.Equal([], load.Failures);
        Assert.Equal(
            ["delete model", "delete version", "load", "move alias", "predict, Azure ML", "predict, CSV", "predict, JSON", "predict, MLflow", "predict, MLflow, configured model", "predict, TensorFlow Serving", "predict, V2 JSON", "predict, V2 binary", "predict, gRPC", "unload", "upload"],
            load.Counts.Keys.Where(key => key.Status is 200 or 201).Select(key => key.Operation).Distinct().Order(StringComparer.Ordinal));
        // A leak of one for each request would be many hundreds.
        Assert.InRange(ProcessSample.Growth(samples, sample => sample.Handles), 0, 3);
        Assert.InRange(ProcessSample.Growth(samples, sample => sample.Threads), 0, 3);
        if (LongTests.Wanted)
            Assert.InRange(ProcessSample.Growth(samples, sample => sample.ResidentBytes), 0, MostGrowth);
    }

    private static async Task<int> CallAsync(GRPCInferenceService.GRPCInferenceServiceClient service, string model)
    {
        try
        {
            await service.ModelInferAsync(GrpcFixture.Raw(model, "FP32", [1, 4], [.. new[] { 5.1f, 3.5f, 1.4f, 0.2f }.SelectMany(BitConverter.GetBytes)]));
            return 200;
        }
        catch (RpcException exception)
        {
            return exception.StatusCode == StatusCode.NotFound ? 404 : 500;
        }
    }
}
