using Azure.Storage.Blobs;
using Larder.Testing;
using Microsoft.DurableTask.Embedded;
using Microsoft.Extensions.DependencyInjection;

namespace StandIns.Durable.Tests;

/// <summary>Hosts in processes of their own, that are killed.</summary>
public sealed class CrashTests(Azurite azurite) : IClassFixture<Azurite>
{
    private const int Orchestrations = 50;
    private const int Steps = 10;

    // 20 kills with LARDER_LONG_TESTS=1.
    private static int Kills => Environment.GetEnvironmentVariable("LARDER_LONG_TESTS") == "1" ? 20 : 4;

    public static class NoFunctions
    {
    }

    [Fact]
    public async Task Orchestrations_come_to_their_end_however_often_their_host_is_killed_and_use_each_result_once()
    {
        var hub = DurableHost.NewHubName();
        var executions = new BlobContainerClient(azurite.ConnectionString, "executions");
        await executions.CreateIfNotExistsAsync();
        await using var client = await DurableHost.StartAsync(azurite, hub, [typeof(NoFunctions)]);
        await Parallel.ForEachAsync(Enumerable.Range(0, Orchestrations), async (i, stop) =>
            await client.Client.ScheduleNewOrchestrationInstanceAsync("TenSteps", new StartOrchestrationOptions($"job{i}"), stop));

        for (var kill = 1; kill <= Kills; kill++)
        {
            // At moments that are spread over the work, wherever in it they come.
            var enough = Orchestrations * Steps * kill / (Kills + 1);
            await using var host = await AppProcess.StartAsync(azurite, hub);
            while (await CountAsync(executions) < enough)
                await Task.Delay(Random.Shared.Next(1, 20));
            await host.KillAsync();
        }

        await using var last = await AppProcess.StartAsync(azurite, hub);
        var ends = new List<OrchestrationMetadata>();
        for (var i = 0; i < Orchestrations; i++)
            ends.Add(await client.EndOf($"job{i}"));

        Assert.All(ends, end => Assert.Equal(OrchestrationRuntimeStatus.Completed, end.RuntimeStatus));
        var results = ends.SelectMany(end => end.ReadOutputAs<string[]>()!).ToList();
        var expected = Enumerable.Range(0, Orchestrations).SelectMany(i => Enumerable.Range(0, Steps).Select(step => $"job{i}/{step}"));
        Assert.Equal(expected, results.Select(trace => trace[..trace.LastIndexOf('/')]));

        // What an orchestration used is what one execution returned, and is in its history once.
        var traces = await TracesAsync(executions);
        Assert.All(results, trace => Assert.Contains(trace, traces));
        foreach (var end in ends)
        {
            var arrivals = (await client.HistoryOf(end.InstanceId, _ => true)).SelectMany(episode => episode.Arrivals).Where(arrival => arrival.Id is not null).ToList();
            Assert.Equal(Enumerable.Range(0, Steps), arrivals.Select(arrival => arrival.Id!.Value));
            Assert.Equal(end.ReadOutputAs<string[]>()!, arrivals.Select(arrival => arrival.Value!.Text!.Trim('"')));
        }
    }

    [Fact]
    public async Task A_host_that_stands_by_takes_over_when_the_other_is_killed()
    {
        var hub = DurableHost.NewHubName();
        await using var client = await DurableHost.StartAsync(azurite, hub, [typeof(NoFunctions)]);
        await using var first = await AppProcess.StartAsync(azurite, hub);
        var id = await client.Client.ScheduleNewOrchestrationInstanceAsync("Processes");
        while ((await client.Client.GetInstanceAsync(id, getInputsAndOutputs: true))!.ReadCustomStatusAs<int?>() is null)
            await Task.Delay(20);
        await using var second = await AppProcess.StartAsync(azurite, hub);

        await first.KillAsync();
        await client.Client.RaiseEventAsync(id, "go", "on");

        Assert.Equal([first.Id, second.Id], (await client.EndOf(id)).ReadOutputAs<int[]>()!);
    }

    private static async Task<int> CountAsync(BlobContainerClient executions) => (await TracesAsync(executions)).Count;

    private static async Task<HashSet<string>> TracesAsync(BlobContainerClient executions)
    {
        var traces = new HashSet<string>();
        await foreach (var blob in executions.GetBlobsAsync())
            traces.Add(blob.Name);
        return traces;
    }
}
