using System.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace Larder.Host.Http;

/// <summary>Lets so many requests run, so many more wait, and no others in.</summary>
internal sealed class HttpThrottle(HttpOptions options) : IDisposable
{
    private readonly int _limit = options.MaxOutstandingRequests ?? int.MaxValue;
    private readonly SemaphoreSlim? _slots = options.MaxConcurrentRequests is { } limit ? new SemaphoreSlim(limit) : null;
    private int _outstanding;

    /// <summary>Lets a request in, unless there are too many.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _outstanding) <= _limit)
            return true;
        Interlocked.Decrement(ref _outstanding);
        return false;
    }

    /// <summary>Waits until a request that was let in may run.</summary>
    public Task WaitAsync(HttpContext http) =>
        _slots is null || _slots.Wait(0) ? Task.CompletedTask : _slots.WaitAsync(http.RequestAborted);

    /// <summary>Waits until no request has been seen for a while, but not for long: for what should not take the processors from the first requests.</summary>
    /// <param name="quiet">For how long no request must have been seen.</param>
    /// <param name="most">The longest wait.</param>
    /// <param name="cancellationToken">Ends the wait with an exception.</param>
    public async Task WaitUntilQuietAsync(TimeSpan quiet, TimeSpan most, CancellationToken cancellationToken)
    {
        var begin = Stopwatch.GetTimestamp();
        var busy = begin;
        while (Stopwatch.GetElapsedTime(busy) < quiet && Stopwatch.GetElapsedTime(begin) < most)
        {
            await Task.Delay(quiet / 4, cancellationToken);
            if (Volatile.Read(ref _outstanding) > 0)
                busy = Stopwatch.GetTimestamp();
        }
    }

    /// <summary>Ends the run of a request.</summary>
    public void Release() => _slots?.Release();

    /// <summary>Lets a request out.</summary>
    public void Leave() => Interlocked.Decrement(ref _outstanding);

    public void Dispose() => _slots?.Dispose();
}
