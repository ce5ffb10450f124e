using Larder.Host.Durable;
using Larder.Host.Hosting;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Larder.Bench.Durable;

/// <summary>The self-host, as an application runs it, in this process.</summary>
internal sealed class HostEngine : IEngine
{
    private readonly IHost _host;
    private readonly string _root;

    private HostEngine(IHost host, string root) => (_host, _root) = (host, root);

    public static async Task<HostEngine> StartAsync(string connection, string hub)
    {
        var root = Directory.CreateTempSubdirectory("larder-bench-").FullName;
        File.WriteAllText(Path.Combine(root, "host.json"), """{ "version": "2.0" }""");
        var builder = new SelfHostBuilder(["--port", "0"], new SelfHostOptions
        {
            FunctionAssembly = typeof(Steps).Assembly,
            FunctionClasses = [typeof(Steps)],
            Root = root,
            Output = TextWriter.Null,
        });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["AzureWebJobsStorage"] = connection,
            ["AzureFunctionsJobHost:extensions:durableTask:hubName"] = hub,
            ["LocalFolder"] = root,
        });
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        var engine = new HostEngine(builder.Build(), root);
        await engine._host.StartAsync();
        return engine;
    }

    public async Task<Run> RunAsync(int steps)
    {
        var client = _host.Services.GetRequiredService<HubClient>();
        var id = await client.ScheduleNewOrchestrationInstanceAsync(nameof(Steps.Chain), steps);
        var end = await client.WaitForInstanceCompletionAsync(id);
        if (end.RuntimeStatus != OrchestrationRuntimeStatus.Completed)
            throw new InvalidOperationException($"The orchestration {id} is {end.RuntimeStatus}.");
        return new Run(end.CreatedAt.UtcDateTime, end.LastUpdatedAt.UtcDateTime);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        await ((IAsyncDisposable)_host).DisposeAsync();
        Directory.Delete(_root, recursive: true);
    }
}
