using Microsoft.DurableTask.Embedded;
using Microsoft.Extensions.Logging;

namespace Microsoft.DurableTask;

/// <summary>
/// What an orchestrator may do. Its code is run again from the start whenever something has happened that it waits for, and must then do
/// the same again: it takes time, randomness and results from here, and awaits nothing but tasks that it got from here.
/// </summary>
public abstract class TaskOrchestrationContext
{
    /// <summary>The orchestrator's name.</summary>
    public abstract TaskName Name { get; }

    /// <summary>The instance's id.</summary>
    public abstract string InstanceId { get; }

    /// <summary>The orchestration that called this one; null when a client has started it.</summary>
    public abstract ParentOrchestrationInstance? Parent { get; }

    /// <summary>The time (UTC) of what the code now runs for: the same each time it is run again.</summary>
    public abstract DateTime CurrentUtcDateTime { get; }

    /// <summary>Whether the code now runs for something that it has run for before.</summary>
    public abstract bool IsReplaying { get; }

    /// <summary>The instance's version; empty when it has none.</summary>
    public virtual string Version => "";

    /// <summary>Makes loggers that are silent during replay.</summary>
    public virtual ILoggerFactory ReplaySafeLoggerFactory => new ReplaySafeLoggerFactory(this, LoggerFactory);

    /// <summary>Makes loggers.</summary>
    protected abstract ILoggerFactory LoggerFactory { get; }

    /// <summary>The instance's input; the type's default when it has none.</summary>
    public abstract T? GetInput<T>();

    /// <summary>Calls an activity.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="input">What it gets.</param>
    /// <param name="options">How it is called.</param>
    /// <exception cref="TaskFailedException">From the task: the activity has failed, for the last time.</exception>
    public virtual Task CallActivityAsync(TaskName name, object? input = null, TaskOptions? options = null) =>
        CallActivityAsync<object>(name, input, options);

    /// <summary>Calls an activity that needs no input.</summary>
    public virtual Task CallActivityAsync(TaskName name, TaskOptions options) => CallActivityAsync(name, null, options);

    /// <summary>Calls an activity, and gets its result.</summary>
    /// <inheritdoc cref="CallActivityAsync(TaskName, object?, TaskOptions?)"/>
    public abstract Task<TResult> CallActivityAsync<TResult>(TaskName name, object? input = null, TaskOptions? options = null);

    /// <summary>Calls an activity that needs no input, and gets its result.</summary>
    public virtual Task<TResult> CallActivityAsync<TResult>(TaskName name, TaskOptions options) => CallActivityAsync<TResult>(name, null, options);

    /// <summary>Calls another orchestrator.</summary>
    /// <param name="orchestratorName">Its name.</param>
    /// <param name="input">What it gets.</param>
    /// <param name="options">How it is called; <see cref="SubOrchestrationOptions"/> say the new instance's id too.</param>
    /// <exception cref="TaskFailedException">From the task: the orchestration has failed or was terminated, or an instance with its id is running.</exception>
    public virtual Task CallSubOrchestratorAsync(TaskName orchestratorName, object? input = null, TaskOptions? options = null) =>
        CallSubOrchestratorAsync<object>(orchestratorName, input, options);

    /// <summary>Calls another orchestrator that needs no input.</summary>
    public virtual Task CallSubOrchestratorAsync(TaskName orchestratorName, TaskOptions options) => CallSubOrchestratorAsync(orchestratorName, null, options);

    /// <summary>Calls another orchestrator, and gets its result.</summary>
    /// <inheritdoc cref="CallSubOrchestratorAsync(TaskName, object?, TaskOptions?)"/>
    public abstract Task<TResult> CallSubOrchestratorAsync<TResult>(TaskName orchestratorName, object? input = null, TaskOptions? options = null);

    /// <summary>Calls another orchestrator that needs no input, and gets its result.</summary>
    public virtual Task<TResult> CallSubOrchestratorAsync<TResult>(TaskName orchestratorName, TaskOptions options) =>
        CallSubOrchestratorAsync<TResult>(orchestratorName, null, options);

    /// <summary>A task that completes after some time. The instance stays running until it has, or is cancelled.</summary>
    public virtual Task CreateTimer(TimeSpan delay, CancellationToken cancellationToken) => CreateTimer(CurrentUtcDateTime.Add(delay), cancellationToken);

    /// <summary>A task that completes at a time. The instance stays running until it has, or is cancelled.</summary>
    public abstract Task CreateTimer(DateTime fireAt, CancellationToken cancellationToken);

    /// <summary>
    /// Waits for an event, whose name is compared without case. Events that came before they were waited for are kept, and taken first. When
    /// several wait for events of one name, the one that began last gets the first.
    /// </summary>
    public abstract Task<T> WaitForExternalEvent<T>(string eventName, CancellationToken cancellationToken = default);

    /// <summary>Waits for an event, for some time.</summary>
    /// <exception cref="TaskCanceledException">From the task: it has not come.</exception>
    public Task<T> WaitForExternalEvent<T>(string eventName, TimeSpan timeout) => WaitForExternalEvent<T>(eventName, timeout, default);

    /// <summary>Waits for an event, for some time, or until it is cancelled.</summary>
    /// <exception cref="TaskCanceledException">From the task: it has not come.</exception>
    public async Task<T> WaitForExternalEvent<T>(string eventName, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var timerCancellation = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var eventCancellation = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var timer = CreateTimer(timeout, timerCancellation.Token);
        var waiting = WaitForExternalEvent<T>(eventName, eventCancellation.Token);
        if (await Task.WhenAny(timer, waiting) == waiting)
            timerCancellation.Cancel();
        else
            eventCancellation.Cancel();
        return await waiting;
    }

    /// <summary>Raises an event for another orchestration. Nothing happens if there is none with that id.</summary>
    public abstract void SendEvent(string instanceId, string eventName, object payload);

    /// <summary>Sets what a client sees of the instance while it runs.</summary>
    public abstract void SetCustomStatus(object? customStatus);

    /// <summary>When the orchestrator returns, begins it anew with an empty history.</summary>
    /// <param name="newInput">Its new input.</param>
    /// <param name="preserveUnprocessedEvents">Whether events that nobody has waited for yet are kept.</param>
    public abstract void ContinueAsNew(object? newInput = null, bool preserveUnprocessedEvents = true);

    /// <summary>When the orchestrator returns, begins it anew with an empty history.</summary>
    public virtual void ContinueAsNew(ContinueAsNewOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ContinueAsNew(options.NewInput, options.PreserveUnprocessedEvents);
    }

    /// <summary>A GUID that is the same each time the code is run again, and like no other.</summary>
    public abstract Guid NewGuid();

    /// <summary>A logger that is silent during replay.</summary>
    public virtual ILogger CreateReplaySafeLogger(string categoryName) => ReplaySafeLoggerFactory.CreateLogger(categoryName);

    /// <summary>A logger that is silent during replay.</summary>
    public virtual ILogger CreateReplaySafeLogger(Type type) => ReplaySafeLoggerFactory.CreateLogger(type);

    /// <summary>A logger that is silent during replay.</summary>
    public virtual ILogger CreateReplaySafeLogger<T>() => ReplaySafeLoggerFactory.CreateLogger<T>();
}
