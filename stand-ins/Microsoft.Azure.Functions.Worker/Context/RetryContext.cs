namespace Microsoft.Azure.Functions.Worker;

/// <summary>Which try an invocation is.</summary>
public abstract class RetryContext
{
    /// <summary>The number of tries before this one.</summary>
    public abstract int RetryCount { get; }

    /// <summary>How often a failed invocation is tried again; 0 when the trigger does not try again.</summary>
    public abstract int MaxRetryCount { get; }
}
