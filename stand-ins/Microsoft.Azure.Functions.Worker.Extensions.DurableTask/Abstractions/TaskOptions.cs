namespace Microsoft.DurableTask;

/// <summary>How an orchestrator calls an activity or another orchestrator.</summary>
public record TaskOptions
{
    /// <summary>Options with a way to retry.</summary>
    public TaskOptions(TaskRetryOptions? retry) => Retry = retry;

    /// <summary>A copy.</summary>
    public TaskOptions(TaskOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Retry = options.Retry;
    }

    /// <summary>Whether and when a failed call is made again; null for never.</summary>
    public TaskRetryOptions? Retry { get; init; }

    /// <summary>Options that retry by a policy.</summary>
    public static TaskOptions FromRetryPolicy(RetryPolicy policy) => new(policy);

    /// <summary>Options that ask a handler after each failure.</summary>
    public static TaskOptions FromRetryHandler(AsyncRetryHandler handler) => new(handler);

    /// <summary>Options that ask a handler after each failure.</summary>
    public static TaskOptions FromRetryHandler(RetryHandler handler) => new(handler);

    /// <summary>These options, for an orchestrator, whose instance gets the given id.</summary>
    public SubOrchestrationOptions WithInstanceId(string instanceId) => new(this, instanceId);
}
