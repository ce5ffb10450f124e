using Azure.Storage.Blobs;
using Larder.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Larder.Host.Tests.Durable;

/// <summary>Hosts in processes of their own, that are killed.</summary>
public sealed class CrashTests(Azurite azurite) : IClassFixture<Azurite>
{
    private const int Steps = 10;

    private const int Waiting = 10;

    private static bool IsLong => Environment.GetEnvironmentVariable("LARDER_LONG_TESTS") == "1";

    private static int Orchestrations => IsLong ? 250 : 50;

    private static int Kills => IsLong ? 100 : 20;

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
            await using var host = await AppProcess.StartAsync(azurite.ConnectionString, hub);
            while (await CountAsync(executions, "job") < enough)
                await Task.Delay(Random.Shared.Next(1, 20));
            await host.KillAsync();
        }

        await using var last = await AppProcess.StartAsync(azurite.ConnectionString, hub);
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
        await using var first = await AppProcess.StartAsync(azurite.ConnectionString, hub);
        var id = await client.Client.ScheduleNewOrchestrationInstanceAsync("Processes");
        await Eventually.TrueAsync(async () => (await client.Client.GetInstanceAsync(id, getInputsAndOutputs: true))!.ReadCustomStatusAs<int?>() is not null);
        await using var second = await AppProcess.StartAsync(azurite.ConnectionString, hub);

        await first.KillAsync();
        await client.Client.RaiseEventAsync(id, "go", "on");

        Assert.Equal([first.Id, second.Id], (await client.EndOf(id)).ReadOutputAs<int[]>()!);
    }

    [Fact]
    public async Task A_host_that_was_stopped_while_another_took_over_writes_nothing_any_more_when_it_goes_on()
    {
        var hub = DurableHost.NewHubName();
        var executions = new BlobContainerClient(azurite.ConnectionString, "executions");
        await executions.CreateIfNotExistsAsync();
        await using var client = await DurableHost.StartAsync(azurite, hub, [typeof(NoFunctions)]);
        await using var proxy = await StorageProxy.StartAsync(azurite);
        await using var first = await AppProcess.StartAsync(proxy.ConnectionString, hub);
        await first.SaidAsync($"This host runs the task hub '{hub}'");
        await Parallel.ForEachAsync(Enumerable.Range(0, Waiting), async (i, stop) =>
            await client.Client.ScheduleNewOrchestrationInstanceAsync("Processes", new StartOrchestrationOptions($"waits{i}"), stop));
        for (var i = 0; i < Waiting; i++)
        {
            var id = $"waits{i}";
            await Eventually.TrueAsync(async () => (await client.Client.GetInstanceAsync(id, getInputsAndOutputs: true))!.ReadCustomStatusAs<int?>() is not null);
        }

        await Parallel.ForEachAsync(Enumerable.Range(0, Orchestrations), async (i, stop) =>
            await client.Client.ScheduleNewOrchestrationInstanceAsync("TenSteps", new StartOrchestrationOptions($"halted{i}"), stop));
        await Eventually.TrueAsync(async () => await CountAsync(executions, "halted") >= Orchestrations);

        // In the middle of its work; no timer of its own tells it of the time that passes, nor does anybody when it goes on.
        proxy.HoldsLeases = true;
        first.Pause();
        await using var second = await AppProcess.StartAsync(azurite.ConnectionString, hub);
        await second.SaidAsync($"This host runs the task hub '{hub}'");
        var before = proxy.Writes.Count;
        first.Continue();
        await Parallel.ForEachAsync(Enumerable.Range(0, Waiting), async (i, stop) => await client.Client.RaiseEventAsync($"waits{i}", "go", "on", stop));
        await first.SaidAsync($"This host has lost the task hub '{hub}'");

        for (var i = 0; i < Waiting; i++)
            Assert.Equal([first.Id, second.Id], (await client.EndOf($"waits{i}")).ReadOutputAs<int[]>()!);
        var traces = await TracesAsync(executions);
        for (var i = 0; i < Orchestrations; i++)
        {
            var results = (await client.EndOf($"halted{i}")).ReadOutputAs<string[]>()!;
            Assert.Equal(Enumerable.Range(0, Steps).Select(step => $"halted{i}/{step}"), results.Select(trace => trace[..trace.LastIndexOf('/')]));
            Assert.All(results, trace => Assert.Contains(trace, traces));
        }

        Assert.DoesNotContain(proxy.Writes.Skip(before), write => write.Contains($"/durable-{hub.ToLowerInvariant()}", StringComparison.Ordinal));
    }

    private static async Task<int> CountAsync(BlobContainerClient executions, string prefix) =>
        (await TracesAsync(executions)).Count(trace => trace.StartsWith(prefix, StringComparison.Ordinal));

    private static async Task<HashSet<string>> TracesAsync(BlobContainerClient executions)
    {
        var traces = new HashSet<string>();
        await foreach (var blob in executions.GetBlobsAsync())
            traces.Add(blob.Name);
        return traces;
    }
}
