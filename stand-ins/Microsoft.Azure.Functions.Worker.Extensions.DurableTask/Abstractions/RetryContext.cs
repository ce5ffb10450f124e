namespace Microsoft.DurableTask;

/// <summary>What a retry handler knows.</summary>
/// <param name="OrchestrationContext">The orchestration.</param>
/// <param name="LastAttemptNumber">How often it was tried so far.</param>
/// <param name="LastFailure">How the last attempt failed.</param>
/// <param name="TotalRetryTime">The time since the first attempt began.</param>
/// <param name="CancellationToken">Never signalled.</param>
public record RetryContext(
    TaskOrchestrationContext OrchestrationContext,
    int LastAttemptNumber,
    TaskFailureDetails LastFailure,
    TimeSpan TotalRetryTime,
    CancellationToken CancellationToken);
