using Grpc.Core;
using Grpc.Net.Client;
using Larder.Grpc.Protocol;
using Larder.Testing.Load;

namespace Larder.Bench.Client;

/// <summary>The mixed load of the tests for a longer time, and what the server holds meanwhile.</summary>
internal static class MixedRun
{
    public static async Task<object> RunAsync(Uri address, Uri grpc, int processId, int seconds)
    {
        using var client = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromMinutes(5) };
        using var channel = GrpcChannel.ForAddress(grpc);
        var service = new GRPCInferenceService.GRPCInferenceServiceClient(channel);
        var load = new MixedLoad(client, async model =>
        {
            try
            {
                await service.ModelInferAsync(GrpcLoad.Request(model, "x"));
                return 200;
            }
            catch (RpcException exception)
            {
                return exception.StatusCode == StatusCode.NotFound ? 404 : 500;
            }
        });
        using var ending = new CancellationTokenSource();
        var sampling = ProcessSample.EachSecondAsync(processId, ending.Token);
        await load.RunAsync(TimeSpan.FromSeconds(seconds));
        await ending.CancelAsync();
        var samples = await sampling;
        return new
        {
            Operations = load.Counts.GroupBy(count => count.Key.Operation).OrderBy(operation => operation.Key).Select(operation => new
            {
                Name = operation.Key,
                Answers = operation.OrderBy(count => count.Key.Status).Select(count => new { count.Key.Status, Count = count.Value }),
            }),
            load.Failures,
            ResidentGrowth = ProcessSample.Growth(samples, sample => sample.ResidentBytes),
            HandleGrowth = ProcessSample.Growth(samples, sample => sample.Handles),
            ThreadGrowth = ProcessSample.Growth(samples, sample => sample.Threads),
            Samples = samples,
        };
    }
}
