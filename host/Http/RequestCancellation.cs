namespace Larder.Host.Http;

/// <summary>The source of a request's token, which is used for one request after another.</summary>
internal sealed class RequestCancellation : CancellationTokenSource
{
    private static readonly Action<object?> Signal = static source => ((CancellationTokenSource)source!).Cancel();

    private readonly CancellationTokenRegistration _stopping;
    private CancellationTokenRegistration _aborted;

    /// <summary>Also signals between two requests, so that the next one finds the token signalled.</summary>
    /// <param name="stopping">Signalled when the host has waited long enough for its last requests. Registered with once: requests would wait for each other at its lock.</param>
    public RequestCancellation(CancellationToken stopping) => _stopping = stopping.UnsafeRegister(Signal, this);

    /// <summary>Begins with a request.</summary>
    /// <param name="timeout">How long a function may run; null when there is no limit.</param>
    /// <param name="aborted">Signalled when the client has gone.</param>
    public void Begin(TimeSpan? timeout, CancellationToken aborted)
    {
        _aborted = aborted.UnsafeRegister(Signal, this);
        if (timeout is { } time)
            CancelAfter(time);
    }

    /// <summary>Whether it can be used again: not if it was signalled, or its time was over.</summary>
    public bool TryEnd()
    {
        // Dispose waits for a signal under way, which could otherwise reach the next request.
        _aborted.Dispose();
        if (TryReset())
            return true;
        Dispose();
        return false;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _aborted.Dispose();
            _stopping.Dispose();
        }

        base.Dispose(disposing);
    }
}
