using System.Net;
using Larder.Worker.Tests.Host;
using Larder.Worker.Tests.Rules;

namespace Larder.Worker.Tests;

/// <summary>What happens before anything is asked of the app.</summary>
[Collection(nameof(SharedWorker))]
public sealed class IndexTests(WorkerFixture worker)
{
    [Fact]
    public void Every_declared_function_is_indexed_and_loaded() =>
        Assert.Equal(DeploymentTests.Declared().Order(StringComparer.Ordinal), worker.Host.Functions.Select(function => function.Name).Order(StringComparer.Ordinal));

    [Fact]
    public void The_worker_serves_HTTP_itself_and_can_cancel() =>
        Assert.Subset(worker.Host.Capabilities.Keys.ToHashSet(), new HashSet<string> { "HttpUri", "HandlesInvocationCancelMessage", "HandlesWorkerTerminateMessage" });

    [Fact]
    public async Task A_worker_that_is_told_to_end_ends_by_itself_with_0()
    {
        await using var host = await WorkerHost.StartAsync(await PublishedApp.FolderAsync(), worker.Storage);
        using var client = host.CreateClient();
        using var answer = await client.GetAsync("/healthz");
        Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{answer.StatusCode}\n{host.Log}");

        Assert.Equal(0, await host.TerminateWorkerAsync());
    }
}
