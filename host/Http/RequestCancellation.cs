namespace Larder.Host.Http;

/// <summary>The source of a request's token, which is used for one request after another.</summary>
internal sealed class RequestCancellation : CancellationTokenSource
{
    private static readonly Action<object?> Signal = static source => ((CancellationTokenSource)source!).Cancel();

    private CancellationTokenRegistration _aborted;
    private CancellationTokenRegistration _stopping;

    /// <summary>Begins with a request.</summary>
    /// <param name="timeout">How long a function may run; null when there is no limit.</param>
    /// <param name="aborted">Signalled when the client has gone.</param>
    /// <param name="stopping">Signalled when the host has waited long enough for its last requests.</param>
    public void Begin(TimeSpan? timeout, CancellationToken aborted, CancellationToken stopping)
    {
        _aborted = aborted.UnsafeRegister(Signal, this);
        _stopping = stopping.UnsafeRegister(Signal, this);
        if (timeout is { } time)
            CancelAfter(time);
    }

    /// <summary>Whether it can be used again: not if it was signalled, or its time was over.</summary>
    public bool TryEnd()
    {
        // Dispose waits for a signal under way, which could otherwise reach the next request.
        _aborted.Dispose();
        _stopping.Dispose();
        if (TryReset())
            return true;
        Dispose();
        return false;
    }
}
