using Microsoft.DurableTask;
using Microsoft.DurableTask.Converters;
using Microsoft.DurableTask.Entities;
using Microsoft.Extensions.Logging;

namespace Larder.Host.Durable;

/// <summary>
/// What an orchestrator gets: the official context, whose <c>GetInput</c> is a cast, with an input that is converted, and an eye on what the code awaits.
/// </summary>
/// <param name="inner">The official context.</param>
/// <param name="input">The input, as JSON.</param>
/// <param name="loggers">Where the code logs.</param>
internal sealed class OrchestratorContext(TaskOrchestrationContext inner, string? input, ILoggerFactory loggers) : TaskOrchestrationContext
{
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private readonly List<Task> _given = [];

    /// <summary>Whether something that it gave is still to come.</summary>
    public bool IsWaiting => _given.Exists(task => !task.IsCompleted);

    public override TaskName Name => inner.Name;

    public override string InstanceId => inner.InstanceId;

    public override ParentOrchestrationInstance? Parent => inner.Parent;

    public override DateTime CurrentUtcDateTime => inner.CurrentUtcDateTime;

    public override bool IsReplaying => inner.IsReplaying;

    public override string Version => inner.Version;

    public override IReadOnlyDictionary<string, object?> Properties => inner.Properties;

    public override TaskOrchestrationEntityFeature Entities =>
        throw new NotSupportedException("The self-host has no durable entities.");

    protected override ILoggerFactory LoggerFactory => loggers;

    /// <summary>The sentence for code that awaits what is not durable.</summary>
    public static string IllegalAwait(string name) =>
        $"The orchestrator '{name}' awaited something that its context did not give it, such as Task.Delay or an HTTP call. " +
        "An orchestrator may only await the tasks of its TaskOrchestrationContext; anything else belongs into an activity.";

    public override T? GetInput<T>()
        where T : default => JsonDataConverter.Default.Deserialize<T>(input);

    public override Task<TResult> CallActivityAsync<TResult>(TaskName name, object? input = null, TaskOptions? options = null) =>
        Give(() => inner.CallActivityAsync<TResult>(name, input, options));

    public override Task<TResult> CallSubOrchestratorAsync<TResult>(TaskName orchestratorName, object? input = null, TaskOptions? options = null) =>
        Give(() => inner.CallSubOrchestratorAsync<TResult>(orchestratorName, input, options));

    public override Task CreateTimer(DateTime fireAt, CancellationToken cancellationToken) => Give(() => inner.CreateTimer(fireAt, cancellationToken));

    public override Task<T> WaitForExternalEvent<T>(string eventName, CancellationToken cancellationToken = default) =>
        Give(() => inner.WaitForExternalEvent<T>(eventName, cancellationToken));

    public override void SendEvent(string instanceId, string eventName, object payload)
    {
        CheckThread();
        inner.SendEvent(instanceId, eventName, payload);
    }

    public override void SetCustomStatus(object? customStatus)
    {
        CheckThread();
        inner.SetCustomStatus(customStatus);
    }

    public override void ContinueAsNew(object? newInput = null, bool preserveUnprocessedEvents = true)
    {
        CheckThread();
        inner.ContinueAsNew(newInput, preserveUnprocessedEvents);
    }

    public override void ContinueAsNew(ContinueAsNewOptions options)
    {
        CheckThread();
        inner.ContinueAsNew(options);
    }

    public override Guid NewGuid() => inner.NewGuid();

    private TTask Give<TTask>(Func<TTask> call)
        where TTask : Task
    {
        CheckThread();
        var task = call();
        _given.Add(task);
        return task;
    }

    // Code that went on elsewhere is not replayed, and would run beside the turn.
    private void CheckThread()
    {
        if (Environment.CurrentManagedThreadId != _thread)
            throw new InvalidOperationException(IllegalAwait(Name));
    }
}
