using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Azure.Functions.Worker.Embedded;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Embedded;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Larder.Bench.Durable;

/// <summary>The host with its durable engine, as an application runs it, in this process.</summary>
internal sealed class Engine : IAsyncDisposable
{
    private const string HubName = "Bench";

    private readonly IHost host;
    private readonly string root;

    private Engine(IHost host, string root) => (this.host, this.root) = (host, root);

    private EmbeddedDurableTaskClient Client => host.Services.GetRequiredService<EmbeddedDurableTaskClient>();

    public static async Task<Engine> StartAsync(string connection)
    {
        var root = Directory.CreateTempSubdirectory("larder-bench-").FullName;
        File.WriteAllText(Path.Combine(root, "host.json"), """{ "version": "2.0" }""");
        var builder = FunctionsApplication.CreateBuilder(["--port", "0"], new EmbeddedHostOptions
        {
            FunctionAssembly = typeof(Steps).Assembly,
            FunctionClasses = [typeof(Steps)],
            Root = root,
            Output = TextWriter.Null,
        });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["AzureWebJobsStorage"] = connection,
            ["AzureFunctionsJobHost:extensions:durableTask:hubName"] = HubName,
        });
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        var engine = new Engine(builder.Build(), root);
        await engine.host.StartAsync();
        return engine;
    }

    /// <summary>Runs a load to its end, of which its client has learnt.</summary>
    public Task<OrchestrationMetadata[]> RunAsync(Load load) => Task.WhenAll(Enumerable.Range(0, load.Instances).Select(async _ =>
    {
        var id = await Client.ScheduleNewOrchestrationInstanceAsync(load.Orchestrator, load.Count);
        return await Client.WaitForInstanceCompletionAsync(id);
    }));

    /// <summary>What was stored of a load.</summary>
    public async Task<IReadOnlyList<InstanceDocument>> ReadAsync(IReadOnlyList<OrchestrationMetadata> ends)
    {
        var store = host.Services.GetRequiredService<HubStore>();
        var stored = await Task.WhenAll(ends.Select(end => store.Instances.ReadAsync(end.InstanceId, default)));
        return ends.All(end => end.RuntimeStatus == OrchestrationRuntimeStatus.Completed)
            ? [.. stored.Select(instance => instance!.Document)]
            : throw new InvalidOperationException("An orchestration has failed.");
    }

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync();
        await ((IAsyncDisposable)host).DisposeAsync();
        Directory.Delete(root, recursive: true);
    }
}
