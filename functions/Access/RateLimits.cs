using System.Threading.RateLimiting;
using Larder.Registry.Access;

namespace Larder.Functions.Access;

/// <summary>
/// A token bucket for each caller, on this instance alone. A bucket that has been idle for ten seconds is full and is removed, so memory is bounded by the number of
/// recent callers.
/// </summary>
internal sealed class RateLimits : IDisposable
{
    private readonly PartitionedRateLimiter<Caller>? _limiter;
    private readonly bool _includesLocal;

    /// <summary>Creates the limiter; none when the rate is 0.</summary>
    public RateLimits(RateOptions options)
    {
        _includesLocal = options.IncludesLocal;
        if (options.Rate == 0)
            return;
        var bucket = new TokenBucketRateLimiterOptions
        {
            TokenLimit = options.AtOnce,
            TokensPerPeriod = 1,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1.0 / options.Rate),
            QueueLimit = 0,
            // The partitioned limiter refills all buckets with one timer.
            AutoReplenishment = false,
        };
        Func<string, RateLimiter> factory = _ => new TokenBucketRateLimiter(bucket);
        _limiter = PartitionedRateLimiter.Create<Caller, string>(caller => RateLimitPartition.Get(caller.Name, factory));
    }

    /// <summary>Takes one request of a caller's.</summary>
    /// <returns>0, or the seconds after which there will be one.</returns>
    public int Take(Caller caller)
    {
        if (_limiter is null || !_includesLocal && ReferenceEquals(caller, Caller.Local))
            return 0;
        using var lease = _limiter.AttemptAcquire(caller);
        if (lease.IsAcquired)
            return 0;
        return lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)) : 1;
    }

    /// <inheritdoc />
    public void Dispose() => _limiter?.Dispose();
}
