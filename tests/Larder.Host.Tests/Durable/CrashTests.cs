using Azure.Storage.Blobs;
using Larder.Host.Tests.Durable.Support;
using Larder.Host.Tests.Support;
using Larder.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace Larder.Host.Tests.Durable;

/// <summary>Hosts in processes of their own, that are killed.</summary>
public sealed class CrashTests(Azurite azurite) : IClassFixture<Azurite>, IDisposable
{
    private const int Steps = 10;

    private readonly TemporaryFolder _folder = new();

    private static readonly int Orchestrations = LongTests.Choose(brief: 10, full: 100);

    private static readonly int Kills = LongTests.Choose(brief: 3, full: 30);

    /// <summary>An application that only has a client: nothing of orchestrations runs in it.</summary>
    public static class ClientOnly
    {
        [Function("Start")]
        public static void Start([HttpTrigger(AuthorizationLevel.Anonymous, Route = "start")] HttpRequest request, [DurableClient] DurableTaskClient client)
        {
        }
    }

    [Fact]
    public async Task Orchestrations_come_to_their_end_however_often_their_host_is_killed_and_use_each_result_once()
    {
        var hub = DurableHost.NewHubName();
        var executions = new BlobContainerClient(azurite.ConnectionString, "executions");
        await executions.CreateIfNotExistsAsync();
        await using var client = await StartClientAsync(hub);
        await Parallel.ForEachAsync(Enumerable.Range(0, Orchestrations), async (i, stop) =>
            await client.Client.ScheduleNewOrchestrationInstanceAsync("TenSteps", new StartOrchestrationOptions($"job{i}"), stop));

        for (var kill = 1; kill <= Kills; kill++)
        {
            // At moments that are spread over the work, wherever in it they come.
            var enough = Orchestrations * Steps * kill / (Kills + 1);
            await using var host = await StartAppAsync(hub, "first");
            await Eventually.TrueAsync(async () => (await TracesAsync(executions)).Count >= enough);
            await host.KillAsync();
        }

        await using var last = await StartAppAsync(hub, "first");
        var ends = new List<OrchestrationMetadata>();
        for (var i = 0; i < Orchestrations; i++)
            ends.Add(await client.EndOf($"job{i}"));
        var traces = await TracesAsync(executions);

        Assert.All(ends, end => Assert.Equal(OrchestrationRuntimeStatus.Completed, end.RuntimeStatus));
        var results = ends.SelectMany(end => end.ReadOutputAs<string[]>()!).ToList();
        var expected = Enumerable.Range(0, Orchestrations).SelectMany(i => Enumerable.Range(0, Steps).Select(step => $"job{i}/{step}"));
        Assert.Equal(expected, results.Select(trace => trace[..trace.LastIndexOf('/')]));
        Assert.All(results, trace => Assert.Contains(trace, traces));
    }

    [Fact]
    public async Task Orchestrations_of_a_host_that_is_killed_go_on_at_the_other()
    {
        var hub = DurableHost.NewHubName();
        await using var first = await StartAppAsync(hub, "first");
        await using var client = await StartClientAsync(hub);
        var id = await client.Client.ScheduleNewOrchestrationInstanceAsync("Processes");
        await Eventually.TrueAsync(async () => (await client.Client.GetInstanceAsync(id, getInputsAndOutputs: true))!.ReadCustomStatusAs<int?>() is not null);
        await using var second = await StartAppAsync(hub, "second");

        await first.KillAsync();
        await client.Client.RaiseEventAsync(id, "go", "on");

        Assert.Equal([first.Id, second.Id], (await client.EndOf(id)).ReadOutputAs<int[]>()!);
    }

    public void Dispose() => _folder.Dispose();

    private Task<AppProcess> StartAppAsync(string hub, string folder) => AppProcess.StartReadyAsync(
        ("AzureWebJobsStorage", azurite.ConnectionString),
        ("AzureFunctionsJobHost__extensions__durableTask__hubName", hub),
        ("LocalFolder", Path.Combine(_folder.Path, folder)),
        ("Logging__LogLevel__Function", "Error"));

    private Task<DurableHost> StartClientAsync(string hub) => DurableHost.StartAsync(azurite.ConnectionString, hub, [typeof(ClientOnly)]);

    private static async Task<HashSet<string>> TracesAsync(BlobContainerClient executions)
    {
        var traces = new HashSet<string>();
        await foreach (var blob in executions.GetBlobsAsync())
            traces.Add(blob.Name);
        return traces;
    }
}
