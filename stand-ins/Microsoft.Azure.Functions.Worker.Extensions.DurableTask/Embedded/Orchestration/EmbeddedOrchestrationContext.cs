using Microsoft.DurableTask.Converters;
using Microsoft.Extensions.Logging;

namespace Microsoft.DurableTask.Embedded;

/// <summary>What an orchestrator's code gets.</summary>
internal sealed class EmbeddedOrchestrationContext(OrchestrationRun run, ILoggerFactory loggers) : TaskOrchestrationContext
{
    private int guids;

    /// <inheritdoc/>
    public override TaskName Name => run.Identity.Name;

    /// <inheritdoc/>
    public override string InstanceId => run.Identity.Instance;

    /// <inheritdoc/>
    public override ParentOrchestrationInstance? Parent => run.Identity.Parent;

    /// <inheritdoc/>
    public override DateTime CurrentUtcDateTime => run.Time;

    /// <inheritdoc/>
    public override bool IsReplaying => run.IsReplaying;

    /// <inheritdoc/>
    public override string Version => run.Identity.Version;

    /// <inheritdoc/>
    protected override ILoggerFactory LoggerFactory { get; } = loggers;

    private static JsonDataConverter Json => JsonDataConverter.Default;

    /// <inheritdoc/>
    public override T? GetInput<T>() where T : default => Json.Deserialize<T>(run.Identity.Input);

    /// <inheritdoc/>
    public override Task<TResult> CallActivityAsync<TResult>(TaskName name, object? input = null, TaskOptions? options = null)
    {
        run.EnsureLegal();
        var function = Check(name, input, options);
        var value = Payload.Of(Json.Serialize(input));
        return CallWithRetriesAsync(options?.Retry, async () =>
        {
            var id = run.Decide(id => new Decision(id, DecisionKind.Activity, function, value));
            return Json.Deserialize<TResult>(await run.AnswerAsync(id, function))!;
        });
    }

    /// <inheritdoc/>
    public override Task<TResult> CallSubOrchestratorAsync<TResult>(TaskName orchestratorName, object? input = null, TaskOptions? options = null)
    {
        run.EnsureLegal();
        var function = Check(orchestratorName, input, options);
        var value = Payload.Of(Json.Serialize(input));
        var sub = options as SubOrchestrationOptions;
        var instance = sub?.InstanceId is { } given ? InstanceIds.Check(given) : NewGuid().ToString("N");
        return CallWithRetriesAsync(options?.Retry, async () =>
        {
            var id = run.Decide(id => new Decision(id, DecisionKind.Orchestration, function, value, instance, sub?.Version?.Version));
            return Json.Deserialize<TResult>(await run.AnswerAsync(id, function))!;
        });
    }

    /// <inheritdoc/>
    public override Task CreateTimer(DateTime fireAt, CancellationToken cancellationToken)
    {
        run.EnsureLegal();
        if (cancellationToken.IsCancellationRequested)
            return Task.FromCanceled(cancellationToken);
        var id = run.Decide(id => new Decision(id, DecisionKind.Timer, FireAt: fireAt.ToUniversalTime()));
        var task = run.AnswerAsync(id, "timer");
        run.OnCancel(cancellationToken, () => run.Cancel(id, cancellationToken));
        return task;
    }

    /// <inheritdoc/>
    public override Task<T> WaitForExternalEvent<T>(string eventName, CancellationToken cancellationToken = default)
    {
        run.EnsureLegal();
        ArgumentException.ThrowIfNullOrEmpty(eventName);
        return run.Events.WaitAsync<T>(eventName, cancellationToken, run.OnCancel);
    }

    /// <inheritdoc/>
    public override void SendEvent(string instanceId, string eventName, object payload)
    {
        run.EnsureLegal();
        ArgumentException.ThrowIfNullOrEmpty(eventName);
        InstanceIds.Check(instanceId);
        var value = Payload.Of(Json.Serialize(payload));
        run.Decide(id => new Decision(id, DecisionKind.Event, eventName, value, instanceId));
    }

    /// <inheritdoc/>
    public override void SetCustomStatus(object? customStatus)
    {
        run.EnsureLegal();
        run.CustomStatus = Json.Serialize(customStatus);
    }

    /// <inheritdoc/>
    public override void ContinueAsNew(object? newInput = null, bool preserveUnprocessedEvents = true) =>
        ContinueAsNew(new ContinueAsNewOptions { NewInput = newInput, PreserveUnprocessedEvents = preserveUnprocessedEvents });

    /// <inheritdoc/>
    public override void ContinueAsNew(ContinueAsNewOptions options)
    {
        run.EnsureLegal();
        ArgumentNullException.ThrowIfNull(options);
        run.ContinueAsNew = options;
    }

    /// <inheritdoc/>
    public override Guid NewGuid()
    {
        run.EnsureLegal();
        var identity = run.Identity;
        return DeterministicGuid.Create(identity.Instance, identity.Execution, identity.Generation, run.Time, guids++);
    }

    private static string Check(TaskName name, object? input, TaskOptions? options)
    {
        ArgumentException.ThrowIfNullOrEmpty(name.Name, nameof(name));
        return input is TaskOptions && options is null
            ? throw new ArgumentException("TaskOptions were given as the input, and no options. Give them as the parameter 'options'.", nameof(input))
            : name.Name;
    }

    private Task<T> CallWithRetriesAsync<T>(TaskRetryOptions? retry, Func<Task<T>> call) => retry switch
    {
        { Policy: { } policy } => CallByPolicyAsync(policy, call),
        { Handler: { } handler } => CallByHandlerAsync(handler, call),
        _ => call(),
    };

    private async Task<T> CallByPolicyAsync<T>(RetryPolicy policy, Func<Task<T>> call)
    {
        var first = CurrentUtcDateTime;
        for (var attempt = 1; ; attempt++)
        {
            TimeSpan delay;
            try
            {
                return await call();
            }
            catch (TaskFailedException error) when (!error.FailureDetails.IsFinal && attempt < policy.MaxNumberOfAttempts && policy.HandleFailure(error.FailureDetails))
            {
                if (policy.RetryTimeout != Timeout.InfiniteTimeSpan && CurrentUtcDateTime - first >= policy.RetryTimeout)
                    throw;
                delay = RetryDelay(policy, attempt);
            }

            await CreateTimer(CurrentUtcDateTime + delay, CancellationToken.None);
        }
    }

    private async Task<T> CallByHandlerAsync<T>(AsyncRetryHandler handler, Func<Task<T>> call)
    {
        var first = CurrentUtcDateTime;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await call();
            }
            catch (TaskFailedException error) when (!error.FailureDetails.IsFinal)
            {
                if (!await handler(new RetryContext(this, attempt, error.FailureDetails, CurrentUtcDateTime - first, CancellationToken.None)))
                    throw;
            }
        }
    }

    private static TimeSpan RetryDelay(RetryPolicy policy, int attempt)
    {
        var longest = policy.MaxRetryInterval == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : policy.MaxRetryInterval;
        var milliseconds = policy.FirstRetryInterval.TotalMilliseconds * Math.Pow(policy.BackoffCoefficient, attempt - 1);
        return milliseconds < longest.TotalMilliseconds ? TimeSpan.FromMilliseconds(milliseconds) : longest;
    }
}
