using Microsoft.Extensions.ObjectPool;

namespace Larder.Host.Http;

/// <summary>The tokens of requests, whose sources are used for one request after the other: with its timer and what is registered with it, a new one for each would be some 300 bytes.</summary>
/// <param name="timeout">How long a function may run; null when there is no limit.</param>
/// <param name="stopping">Signalled when the host has waited long enough for its last requests.</param>
internal sealed class RequestCancellations(TimeSpan? timeout, CancellationToken stopping)
{
    // As many requests are often in flight at a time.
    private const int MostIdle = 256;

    private readonly DefaultObjectPool<RequestCancellation> _idle = new(new Policy(), MostIdle);

    /// <summary>The token of a request, until it is given to <see cref="End"/>.</summary>
    public RequestCancellation Begin(CancellationToken aborted)
    {
        var cancellation = _idle.Get();
        cancellation.Begin(timeout, aborted, stopping);
        return cancellation;
    }

    /// <summary>Takes it back.</summary>
    public void End(RequestCancellation cancellation) => _idle.Return(cancellation);

    private sealed class Policy : PooledObjectPolicy<RequestCancellation>
    {
        public override RequestCancellation Create() => new();

        public override bool Return(RequestCancellation cancellation) => cancellation.TryEnd();
    }
}

/// <summary>The source of one request's token.</summary>
internal sealed class RequestCancellation : CancellationTokenSource
{
    private static readonly Action<object?> Signal = static source => ((CancellationTokenSource)source!).Cancel();

    private CancellationTokenRegistration _aborted;
    private CancellationTokenRegistration _stopping;

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
