using System.Text.Json;
using Azure.Storage.Blobs;
using Larder.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Larder.Host.Tests.Durable.Support;

/// <summary>A functions host in the test's process, with the functions of one class and a task hub of the test's.</summary>
internal sealed class DurableHost : IAsyncDisposable
{
    private readonly IHost host;
    private readonly string root;
    private bool isStopped;

    private DurableHost(IHost host, string root, CapturedLog log, BlobContainerClient container) =>
        (this.host, this.root, Log, Container) = (host, root, log, container);

    public CapturedLog Log { get; }

    public IServiceProvider Services => host.Services;

    public DurableTaskClient Client => Services.GetRequiredService<EmbeddedDurableTaskClient>();

    public HubStore Store => Services.GetRequiredService<HubStore>();

    /// <summary>What the hub's blobs are in.</summary>
    public BlobContainerClient Container { get; }

    public TaskHubWorker Worker => Services.GetRequiredService<TaskHubWorker>();

    /// <summary>A hub's name that no other test has.</summary>
    public static string NewHubName() => $"T{Guid.NewGuid():N}";

    /// <summary>Builds and starts a host with a hub of its own.</summary>
    public static Task<DurableHost> StartAsync(Azurite azurite, Type[] functions, params Action<SelfHostBuilder>[] configure) =>
        StartAsync(azurite, NewHubName(), functions, configure);

    /// <summary>Builds and starts a host.</summary>
    public static async Task<DurableHost> StartAsync(
        Azurite azurite, string hubName, Type[] functions, params Action<SelfHostBuilder>[] configure)
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
            ["AzureWebJobsStorage"] = azurite.ConnectionString,
            ["AzureFunctionsJobHost:extensions:durableTask:hubName"] = hubName,
        });
        var log = new CapturedLog();
        builder.Logging.ClearProviders().AddProvider(log);
        foreach (var step in configure)
            step(builder);
        var host = builder.Build();
        await host.StartAsync();
        return new DurableHost(host, root, log, new BlobContainerClient(azurite.ConnectionString, $"durable-{hubName.ToLowerInvariant()}"));
    }

    /// <summary>Sets a value of host.json, below extensions.durableTask.</summary>
    public static Action<SelfHostBuilder> With(string name, string value) =>
        builder => builder.Configuration[$"AzureFunctionsJobHost:extensions:durableTask:{name}"] = value;

    /// <summary>Runs orchestrations on a clock of the test's.</summary>
    public static Action<SelfHostBuilder> On(TimeProvider clock) => builder => builder.Services.AddSingleton(clock);

    /// <summary>Gives functions a service.</summary>
    public static Action<SelfHostBuilder> WithService<T>(T service) where T : class => builder => builder.Services.AddSingleton(service);

    /// <summary>The names of what is stored below a prefix.</summary>
    public async Task<IReadOnlyList<string>> BlobsBelow(string prefix)
    {
        var names = new List<string>();
        await foreach (var blob in Container.GetBlobsAsync(prefix: prefix))
            names.Add(blob.Name);
        return names;
    }

    /// <summary>Waits until an instance's stored history is as a condition says.</summary>
    public async Task<IReadOnlyList<Episode>> HistoryOf(string id, Func<IReadOnlyList<Episode>, bool> isReached)
    {
        IReadOnlyList<Episode> history = [];
        await UntilAsync(id, async document =>
        {
            var read = await Store.Data.ReadSegmentsAsync(document.Segments, default);
            read.AddRange(document.Tail);
            history = read;
            return isReached(history);
        });
        return history;
    }

    /// <summary>Waits until an instance that has ended has nothing left for others.</summary>
    public Task Quiet(string id) => DocumentOf(id, document => !document.IsActive);

    /// <summary>Waits until an instance's document is as a condition says.</summary>
    public Task<InstanceDocument> DocumentOf(string id, Func<InstanceDocument, bool> isReached) => UntilAsync(id, document => Task.FromResult(isReached(document)));

    /// <summary>Starts an orchestration, and waits for its end.</summary>
    public async Task<OrchestrationMetadata> RunAsync(string name, object? input = null, StartOrchestrationOptions? options = null)
    {
        var id = await Client.ScheduleNewOrchestrationInstanceAsync(name, input, options);
        return await EndOf(id);
    }

    /// <summary>Waits for an orchestration's end; one that hangs shows what the host has logged.</summary>
    public async Task<OrchestrationMetadata> EndOf(string id)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        try
        {
            return await Client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, patience.Token);
        }
        catch (OperationCanceledException)
        {
            var instance = await Client.GetInstanceAsync(id, getInputsAndOutputs: true);
            throw new TimeoutException($"{instance}: {string.Join('\n', Log.Entries)}");
        }
    }

    // One that hangs shows what is stored and what the host has logged.
    private async Task<InstanceDocument> UntilAsync(string id, Func<InstanceDocument, Task<bool>> isReached)
    {
        var watch = Services.GetRequiredService<InstanceWatch>();
        while (true)
        {
            var changed = watch.NextChange(id);
            var document = (await Store.Instances.ReadAsync(id, default))?.Document;
            if (document is not null && await isReached(document))
                return document;
            try
            {
                await changed.WaitAsync(TimeSpan.FromMinutes(1));
            }
            catch (TimeoutException)
            {
                throw new TimeoutException($"{JsonSerializer.Serialize(document, DurableJson.Stored.InstanceDocument)}: {string.Join('\n', Log.Entries)}");
            }
        }
    }

    public async Task StopAsync()
    {
        if (isStopped)
            return;
        isStopped = true;
        await host.StopAsync();
        await ((IAsyncDisposable)host).DisposeAsync();
        Directory.Delete(root, recursive: true);
    }

    public async ValueTask DisposeAsync() => await StopAsync();
}
