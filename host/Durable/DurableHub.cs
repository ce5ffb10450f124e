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
    private readonly Lazy<AzureStorageOrchestrationService> _service;
    private readonly Lazy<TaskHubWorker> _worker;
    private readonly Lazy<Task> _created;
    private readonly Lazy<Task> _started;
    private readonly Lazy<Task> _stopped;

    /// <summary>Reads the settings. The engine itself, which takes longer, is made when it is first used: requests that need none come first.</summary>
    /// <exception cref="SelfHostException">The settings name no account, or no possible hub.</exception>
    public DurableHub(IConfiguration configuration, IOptions<DurableOptions> options, DurableFunctions functions, ILoggerFactory loggers)
    {
        var (storage, hub, durable) = (DurableStorage.From(configuration), TaskHubName.Read(configuration), options.Value);
        _claim = WorkerClaim.Take(configuration, storage.Account);
        _service = new(() => new AzureStorageOrchestrationService(durable.ToSettings(hub, storage, _claim.Id, loggers)));
        _worker = new(() =>
        {
            var worker = new TaskHubWorker(Service, functions, functions, loggers) { ErrorPropagationMode = ErrorPropagationMode.UseFailureDetails };
            worker.AddOrchestrationDispatcherMiddleware(functions.RunTurnAsync);
            return worker;
        });
        _created = new(() => Service.CreateIfNotExistsAsync());
        _started = new(StartOnceAsync);
        _stopped = new(() => _started is { IsValueCreated: true, Value.IsCompletedSuccessfully: true } ? _worker.Value.StopAsync(isForced: false) : Task.CompletedTask);
    }

    /// <summary>The provider.</summary>
    public AzureStorageOrchestrationService Service => _service.Value;

    /// <summary>Makes sure that the hub's tables and queues exist.</summary>
    public Task EnsureCreatedAsync(CancellationToken cancellationToken) => _created.Value.WaitAsync(cancellationToken);

    /// <summary>Starts the worker: once, though every orchestrator and activity asks for it.</summary>
    public Task StartAsync(CancellationToken cancellationToken) => _started.Value.WaitAsync(cancellationToken);

    /// <summary>Takes no more work, and waits for what runs: activities end or give up when the host begins to stop, and those are run again.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => _stopped.Value.WaitAsync(cancellationToken);

    public void Dispose()
    {
        if (_worker.IsValueCreated)
            _worker.Value.Dispose();
        if (_service.IsValueCreated)
            Service.Dispose();
        _claim.Dispose();
    }

    private async Task StartOnceAsync()
    {
        await _created.Value;
        await _worker.Value.StartAsync();
    }
}
