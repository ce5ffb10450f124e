namespace Microsoft.DurableTask;

/// <summary>When a failed call is made again.</summary>
public class RetryPolicy
{
    /// <summary>A policy.</summary>
    /// <param name="maxNumberOfAttempts">How often the call is made at most, the first time included.</param>
    /// <param name="firstRetryInterval">The time between the first failure and the second attempt.</param>
    /// <param name="backoffCoefficient">What that time is multiplied by after each further failure.</param>
    /// <param name="maxRetryInterval">The longest such time; 1 hour if null.</param>
    /// <param name="retryTimeout">The time since the first attempt after which there is none any more; unlimited if null.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value makes no sense.</exception>
    public RetryPolicy(
        int maxNumberOfAttempts,
        TimeSpan firstRetryInterval,
        double backoffCoefficient = 1,
        TimeSpan? maxRetryInterval = null,
        TimeSpan? retryTimeout = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxNumberOfAttempts);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(firstRetryInterval, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(backoffCoefficient, 1);
        ThrowIfShorter(maxRetryInterval, firstRetryInterval, nameof(maxRetryInterval));
        ThrowIfShorter(retryTimeout, firstRetryInterval, nameof(retryTimeout));
        MaxNumberOfAttempts = maxNumberOfAttempts;
        FirstRetryInterval = firstRetryInterval;
        BackoffCoefficient = backoffCoefficient;
        MaxRetryInterval = maxRetryInterval ?? TimeSpan.FromHours(1);
        RetryTimeout = retryTimeout ?? Timeout.InfiniteTimeSpan;
    }

    /// <summary>How often the call is made at most, the first time included.</summary>
    public int MaxNumberOfAttempts { get; }

    /// <summary>The time between the first failure and the second attempt.</summary>
    public TimeSpan FirstRetryInterval { get; }

    /// <summary>What that time is multiplied by after each further failure.</summary>
    public double BackoffCoefficient { get; }

    /// <summary>The longest time between a failure and the next attempt.</summary>
    public TimeSpan MaxRetryInterval { get; }

    /// <summary>The time since the first attempt after which there is none any more.</summary>
    public TimeSpan RetryTimeout { get; }

    /// <summary>Which failures are worth another attempt; all, if not set.</summary>
    public Func<TaskFailureDetails, bool> HandleFailure { internal get; init; } = static _ => true;

    private static void ThrowIfShorter(TimeSpan? interval, TimeSpan first, string name)
    {
        if (interval < first && interval != Timeout.InfiniteTimeSpan)
            throw new ArgumentOutOfRangeException(name, interval, $"{name} must not be shorter than firstRetryInterval.");
    }
}
