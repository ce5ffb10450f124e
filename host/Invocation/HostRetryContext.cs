namespace Larder.Host;

/// <summary>Which try an invocation is.</summary>
internal sealed class HostRetryContext(int retryCount, int maxRetryCount) : RetryContext
{
    public override int RetryCount { get; } = retryCount;

    public override int MaxRetryCount { get; } = maxRetryCount;
}
