using DurableTask.AzureStorage;
using DurableTask.Core;
using Larder.Host.Functions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Larder.Host.Durable;

/// <summary>The task hub in storage, and the worker that runs this application's orchestrators and activities from it.</summary>
internal sealed class DurableHub : IFunctionListener, IDisposable
{
    private readonly WorkerClaim _claim;
    private readonly TaskHubWorker _worker;
    private readonly Lazy<Task> _created;
    private readonly Lazy<Task> _started;
    private readonly Lazy<Task> _stopped;

    public DurableHub(IConfiguration configuration, IOptions<DurableOptions> options, DurableFunctions functions, ILoggerFactory loggers)
    {
        var storage = DurableStorage.From(configuration);
        _claim = WorkerClaim.Take(configuration, storage.Account);
        Service = new AzureStorageOrchestrationService(
            options.Value.ToSettings(TaskHubName.Read(configuration), storage, _claim.Id, loggers));
        _worker = new TaskHubWorker(Service, functions, functions, loggers) { ErrorPropagationMode = ErrorPropagationMode.UseFailureDetails };
        _worker.AddOrchestrationDispatcherMiddleware(functions.RunTurnAsync);
        _created = new(Service.CreateIfNotExistsAsync);
        _started = new(StartOnceAsync);
        _stopped = new(() => _started is { IsValueCreated: true, Value.IsCompletedSuccessfully: true } ? _worker.StopAsync(isForced: false) : Task.CompletedTask);
    }

    /// <summary>The provider.</summary>
    public AzureStorageOrchestrationService Service { get; }

    /// <summary>Makes sure that the hub's tables and queues exist.</summary>
    public Task EnsureCreatedAsync(CancellationToken cancellationToken) => _created.Value.WaitAsync(cancellationToken);

    /// <summary>Starts the worker: once, though every orchestrator and activity asks for it.</summary>
    public Task StartAsync(CancellationToken cancellationToken) => _started.Value.WaitAsync(cancellationToken);

    /// <summary>Takes no more work, and waits for what runs: activities end or give up when the host begins to stop, and those are run again.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => _stopped.Value.WaitAsync(cancellationToken);

    public void Dispose()
    {
        _worker.Dispose();
        Service.Dispose();
        _claim.Dispose();
    }

    private async Task StartOnceAsync()
    {
        await _created.Value;
        await _worker.StartAsync();
    }
}
