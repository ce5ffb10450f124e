using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Larder.Inference.Limits;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Larder.Functions.Access;

/// <summary>How many wrong tokens and keys one address may send to one instance.</summary>
public sealed record WrongCredentialOptions
{
    /// <summary>Wrong tokens and keys of an address in a minute; one more is answered with 429 (setting <c>Limits:WrongCredentials:PerMinute</c>).</summary>
    [Between(1, 1_000_000)]
    public int PerMinute { get; init; } = 30;

    /// <summary>Most addresses that are counted apart; all others together count as one (setting <c>Limits:WrongCredentials:Addresses</c>).</summary>
    [Between(1, 1_000_000)]
    public int Addresses { get; init; } = 10_000;
}

/// <summary>
/// Slows down guessing of credentials: each address has a token bucket of wrong ones, on each instance. Credentials that are cached do not count, so other callers
/// behind the same address are not affected.
/// </summary>
internal sealed partial class WrongCredentials(WrongCredentialOptions options, Platform platform, TimeProvider time, ILogger<WrongCredentials> logger)
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<IPAddress, Bucket> _buckets = new();
    private readonly Bucket _others = new(options.PerMinute, time.GetTimestamp());
    private long _sweptAt = time.GetTimestamp();

    /// <summary>
    /// Where a request comes from. In Azure the platform adds the address that it saw at the end of <c>X-Forwarded-For</c>; elsewhere the header is the
    /// caller's own, and the connection tells. An IPv6 address stands for its /64, which one customer has.
    /// </summary>
    public IPAddress AddressOf(HttpRequest request)
    {
        var address = platform.IsAzure ? Forwarded(request) : request.HttpContext.Connection.RemoteIpAddress;
        if (address is null)
            return IPAddress.None;
        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return address;
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }

    /// <summary>Takes one try of an address.</summary>
    /// <returns>0, or the seconds after which there will be one.</returns>
    public int Take(IPAddress address)
    {
        var bucket = BucketOf(address);
        lock (bucket)
        {
            Fill(bucket);
            if (bucket.Left >= 1)
            {
                bucket.Left--;
                return 0;
            }
            return Math.Max(1, (int)Math.Ceiling((1 - bucket.Left) * Minute.TotalSeconds / options.PerMinute));
        }
    }

    /// <summary>Gives a try back that turned out right.</summary>
    public void GiveBack(IPAddress address)
    {
        var bucket = BucketOf(address);
        lock (bucket)
            bucket.Left = Math.Min(options.PerMinute, bucket.Left + 1);
    }

    /// <summary>Notes that a try was wrong: a line in the log, for each address one in a minute.</summary>
    public void Note(IPAddress address)
    {
        var bucket = BucketOf(address);
        int count;
        lock (bucket)
        {
            bucket.Unlogged++;
            if (bucket.LoggedAt is { } logged && time.GetElapsedTime(logged) < Minute)
                return;
            (count, bucket.Unlogged, bucket.LoggedAt) = (bucket.Unlogged, 0, time.GetTimestamp());
        }
        if (ReferenceEquals(bucket, _others))
            LogOthers(count);
        else
            LogWrong(count, address);
    }

    private static IPAddress? Forwarded(HttpRequest request)
    {
        var last = request.Headers["X-Forwarded-For"].ToString().Split(',')[^1].Trim();
        return IPEndPoint.TryParse(last, out var endpoint) ? endpoint.Address : null;
    }

    private Bucket BucketOf(IPAddress address)
    {
        if (_buckets.TryGetValue(address, out var bucket))
            return bucket;
        if (_buckets.Count >= options.Addresses)
            Sweep();
        return _buckets.Count >= options.Addresses ? _others : _buckets.GetOrAdd(address, _ => new Bucket(options.PerMinute, time.GetTimestamp()));
    }

    // At most once a second, so that many new addresses cost little. What has been quiet for a minute is full again, and forgotten.
    private void Sweep()
    {
        var swept = Interlocked.Read(ref _sweptAt);
        if (time.GetElapsedTime(swept) < TimeSpan.FromSeconds(1) || Interlocked.CompareExchange(ref _sweptAt, time.GetTimestamp(), swept) != swept)
            return;
        foreach (var (address, bucket) in _buckets)
        {
            lock (bucket)
            {
                if (time.GetElapsedTime(bucket.FilledAt) >= Minute)
                    _buckets.TryRemove(address, out _);
            }
        }
    }

    private void Fill(Bucket bucket)
    {
        var now = time.GetTimestamp();
        bucket.Left = Math.Min(options.PerMinute, bucket.Left + time.GetElapsedTime(bucket.FilledAt, now) / Minute * options.PerMinute);
        bucket.FilledAt = now;
    }

    [LoggerMessage(1, LogLevel.Warning, "{Count} requests with a wrong token or key came from {Address} since the last such line.")]
    private partial void LogWrong(int count, IPAddress address);

    [LoggerMessage(2, LogLevel.Warning, "{Count} requests with a wrong token or key came from other addresses since the last such line; there are too many to count them apart.")]
    private partial void LogOthers(int count);

    private sealed class Bucket(int left, long filledAt)
    {
        public double Left = left;
        public long FilledAt = filledAt;
        public int Unlogged;
        public long? LoggedAt;
    }
}
