using Larder.Host.Durable;
using Larder.Host.Hosting;
using Larder.Host.Tests.Support;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Larder.Host.Tests.Durable.Support;

/// <summary>A self-host in the test's process, with the functions of some classes and a task hub of the test's.</summary>
internal sealed class DurableHost : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly IHost _host;
    private readonly string _root;
    private Task? _stopped;

    private DurableHost(IHost host, string root, CapturedLog log) => (_host, _root, Log) = (host, root, log);

    public CapturedLog Log { get; }

    public IServiceProvider Services => _host.Services;

    public DurableTaskClient Client => Services.GetRequiredService<HubClient>();

    /// <summary>A hub's name that no other test has.</summary>
    public static string NewHubName() => $"T{Guid.NewGuid():N}";

    /// <summary>Builds and starts a host.</summary>
    /// <param name="storage">A connection string.</param>
    /// <param name="hub">The task hub's name.</param>
    /// <param name="functions">The classes whose functions it runs.</param>
    /// <param name="configure">What else is to be done to it.</param>
    public static async Task<DurableHost> StartAsync(string storage, string hub, Type[] functions, params Action<SelfHostBuilder>[] configure)
    {
        var root = Directory.CreateTempSubdirectory("durable-").FullName;
        File.WriteAllText(Path.Combine(root, "host.json"), """{ "version": "2.0" }""");
        var builder = new SelfHostBuilder(["--port", "0"], new SelfHostOptions
        {
            FunctionAssembly = typeof(DurableHost).Assembly,
            FunctionClasses = functions,
            Root = root,
            Output = TextWriter.Null,
        });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["AzureWebJobsStorage"] = storage,
            ["AzureFunctionsJobHost:extensions:durableTask:hubName"] = hub,
            ["LocalFolder"] = root,
            ["SelfHost:Durable:LargestPollingInterval"] = "00:00:00.1",
            // Tests wait for the takeover.
            ["SelfHost:Durable:Visibility"] = "00:00:06",
        });
        var log = new CapturedLog();
        builder.Logging.ClearProviders().AddProvider(log);
        foreach (var step in configure)
            step(builder);
        var host = builder.Build();
        await host.StartAsync();
        return new DurableHost(host, root, log);
    }

    /// <summary>Sets a value below <c>SelfHost:Durable</c>.</summary>
    public static Action<SelfHostBuilder> With(string name, string value) => builder => builder.Configuration[$"SelfHost:Durable:{name}"] = value;

    /// <summary>Gives functions a service.</summary>
    public static Action<SelfHostBuilder> WithService<T>(T service)
        where T : class => builder => builder.Services.AddSingleton(service);

    /// <summary>Starts an orchestration, and waits for its end.</summary>
    public async Task<OrchestrationMetadata> RunAsync(string name, object? input = null, StartOrchestrationOptions? options = null) =>
        await EndOf(await Client.ScheduleNewOrchestrationInstanceAsync(name, input, options));

    /// <summary>Starts an orchestration, and waits until it has begun.</summary>
    public async Task<string> BeginAsync(string name, string? id = null, object? input = null)
    {
        var started = await Client.ScheduleNewOrchestrationInstanceAsync(name, input, new StartOrchestrationOptions(id));
        await Client.WaitForInstanceStartAsync(started);
        return started;
    }

    /// <summary>Waits for an orchestration's end; one that hangs shows what the host has logged.</summary>
    public async Task<OrchestrationMetadata> EndOf(string id)
    {
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            return await Client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, limit.Token);
        }
        catch (OperationCanceledException)
        {
            var instance = await Client.GetInstanceAsync(id, getInputsAndOutputs: true);
            throw new TimeoutException($"{instance}: {string.Join('\n', Log.Entries)}");
        }
    }

    /// <summary>Stops it as SIGTERM would.</summary>
    public Task StopAsync() => _stopped ??= StopOnceAsync();

    public async ValueTask DisposeAsync() => await StopAsync();

    private async Task StopOnceAsync()
    {
        await _host.StopAsync();
        await ((IAsyncDisposable)_host).DisposeAsync();
        Directory.Delete(_root, recursive: true);
    }
}
