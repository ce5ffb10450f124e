namespace Microsoft.Azure.Functions.Worker.Embedded;

/// <summary>Which try an invocation is.</summary>
internal sealed class EmbeddedRetryContext(int retryCount, int maxRetryCount) : RetryContext
{
    public override int RetryCount { get; } = retryCount;

    public override int MaxRetryCount { get; } = maxRetryCount;
}
