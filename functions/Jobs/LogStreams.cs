using Larder.Functions.Http;
using Larder.Inference;
using Larder.Inference.Limits;
using Larder.Registry.Access;

namespace Larder.Functions.Jobs;

/// <summary>How many live logs may be sent at the same time. Each costs storage some requests a second for as long as it is open.</summary>
public sealed record LogStreamLimits
{
    /// <summary>Those of one caller (setting <c>Limits:LogStreams:PerCaller</c>).</summary>
    [Between(1, 100_000)]
    public int PerCaller { get; init; } = 16;

    /// <summary>Those of all callers, of this instance (setting <c>Limits:LogStreams:Total</c>).</summary>
    [Between(1, 100_000)]
    public int Total { get; init; } = 128;
}

/// <summary>Counts the live logs that are being sent.</summary>
public sealed class LogStreams(LogStreamLimits limits)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _open = new(StringComparer.Ordinal);
    private int _total;

    /// <summary>Counts one more.</summary>
    /// <param name="caller">Whose it is.</param>
    /// <returns>Dispose of it when the log has been sent.</returns>
    /// <exception cref="HttpStatusException">The caller has too many (429), or all callers together have (503).</exception>
    internal IDisposable Open(Caller caller)
    {
        lock (_lock)
        {
            var own = _open.GetValueOrDefault(caller.Name);
            if (own >= limits.PerCaller)
                throw new HttpStatusException(ErrorKind.TooMany, $"{caller.Name} follows {own} logs, which is the most that one caller may: close one, or read pages without Accept: text/event-stream.");
            if (_total >= limits.Total)
                throw new HttpStatusException(ErrorKind.Unavailable, $"This server sends {_total} live logs, which is its limit: try again later, or read pages without Accept: text/event-stream.");
            _open[caller.Name] = own + 1;
            _total++;
        }
        return new Stream(this, caller.Name);
    }

    private void Close(string caller)
    {
        lock (_lock)
        {
            _total--;
            if (--_open[caller] == 0)
                _open.Remove(caller);
        }
    }

    private sealed class Stream(LogStreams streams, string caller) : IDisposable
    {
        private int _isClosed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isClosed, 1) == 0)
                streams.Close(caller);
        }
    }
}
