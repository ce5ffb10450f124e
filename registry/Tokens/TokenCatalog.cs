using System.Collections.Concurrent;
using Larder.Inference.Limits;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Microsoft.Extensions.Logging;

namespace Larder.Registry.Tokens;

/// <summary>How long tokens are remembered.</summary>
public sealed record TokenCacheOptions
{
    /// <summary>Age from which a token is read again in the background (setting <c>Access:Tokens:SoftTtl</c>).</summary>
    [Between("00:00:00", "1.00:00:00")]
    public TimeSpan SoftTtl { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Age from which it is read again before it is used: so long, at most, a token is still taken that another server has revoked (setting
    /// <c>Access:Tokens:HardTtl</c>).
    /// </summary>
    [Between("00:00:01", "1.00:00:00")]
    public TimeSpan HardTtl { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a token that was known before is still taken while the store does not answer (setting <c>Access:Tokens:OutageTtl</c>).</summary>
    [Between("00:00:00", "1.00:00:00")]
    public TimeSpan OutageTtl { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How often the last use of a token is written down at most (setting <c>Access:Tokens:UseInterval</c>).</summary>
    [Between("00:00:01", "1.00:00:00")]
    public TimeSpan UseInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Most tokens to remember (setting <c>Access:Tokens:MaxRemembered</c>).</summary>
    [AtLeast(1)]
    public int MaxRemembered { get; init; } = 10_000;
}

/// <summary>
/// Tokens from memory: a warm <see cref="TryFind"/> makes no storage call, takes no lock and allocates nothing. What this process revokes is refused at
/// once, what others revoke within <see cref="TokenCacheOptions.HardTtl"/>. What is no token is never remembered, so that guesses take no memory.
/// </summary>
public sealed partial class TokenCatalog : IDisposable
{
    private readonly TokenStore _store;
    private readonly TokenCacheOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<TokenCatalog> _logger;
    private readonly ConcurrentDictionary<KeyHash, Entry> _known = new();

    // Counts revocations: what was read before one must not be remembered after it.
    private long _revocations;

    /// <summary>A catalog of a store; it follows what the store revokes until it is disposed of.</summary>
    public TokenCatalog(TokenStore store, TokenCacheOptions options, TimeProvider time, ILogger<TokenCatalog> logger)
    {
        (_store, _options, _time, _logger) = (store, options, time, logger);
        store.Revoked += Forget;
    }

    /// <summary>The token of a hash, from memory; null when it is not there, or has to be read again. Whether it has expired is the caller's to ask.</summary>
    public CallerToken? TryFind(KeyHash hash)
    {
        if (!_known.TryGetValue(hash, out var entry))
            return null;
        var age = _time.GetElapsedTime(entry.ReadAt);
        if (age >= _options.HardTtl)
            return null;
        if (age >= _options.SoftTtl && entry.ClaimRefresh())
            Refresh(hash, entry.Token.Id);
        NoteUse(entry);
        return entry.Token;
    }

    /// <summary>The token of a hash, from the store, and remembered; null when there is none, or it is revoked.</summary>
    /// <exception cref="StorageUnavailableException">It was not known, and the store does not answer.</exception>
    public async Task<CallerToken?> ReadAsync(KeyHash hash, CancellationToken cancellationToken = default)
    {
        var (readAt, seen) = (_time.GetTimestamp(), Interlocked.Read(ref _revocations));
        var before = _known.GetValueOrDefault(hash);
        CallerToken? token;
        try
        {
            token = await _store.FindAsync(hash, cancellationToken);
        }
        catch (StorageUnavailableException e) when (before is not null && _time.GetElapsedTime(before.ConfirmedAt) < _options.OutageTtl && _known.ContainsKey(hash))
        {
            // Asked again when that would no longer be fresh: not every request is to wait for a store that does not answer.
            LogOutage(e, before.Token.Name);
            Remember(hash, new Entry(before.Token, _time.GetTimestamp(), before.ConfirmedAt) { NotedAt = before.NotedAt }, seen);
            return before.Token;
        }

        if (token is null)
        {
            _known.TryRemove(hash, out _);
            return null;
        }
        var entry = new Entry(token, readAt, readAt) { NotedAt = before?.NotedAt ?? 0 };
        Remember(hash, entry, seen);
        NoteUse(entry);
        return token;
    }

    /// <summary>Stops following the store.</summary>
    public void Dispose() => _store.Revoked -= Forget;

    private void Remember(KeyHash hash, Entry entry, long seen)
    {
        if (_known.Count >= _options.MaxRemembered)
            _known.Clear();
        _known[hash] = entry;
        // What was read may be from before the revocation.
        if (Interlocked.Read(ref _revocations) != seen)
            _known.TryRemove(hash, out _);
    }

    private void NoteUse(Entry entry)
    {
        var now = _time.GetUtcNow();
        var noted = Interlocked.Read(ref entry.NotedAt);
        if (now.UtcTicks - Math.Max(noted, entry.Token.LastUsed?.UtcTicks ?? 0) < _options.UseInterval.Ticks
            || Interlocked.CompareExchange(ref entry.NotedAt, now.UtcTicks, noted) != noted)
        {
            return;
        }
        NoteUse(entry.Token.Id, now);
    }

    // Apart, so that a request that does neither makes no closure.
    private void Refresh(KeyHash hash, string id) => _ = InBackgroundAsync(() => ReadAsync(hash, CancellationToken.None), id);

    private void NoteUse(string id, DateTimeOffset when) => _ = InBackgroundAsync(() => _store.RecordUseAsync(id, when), id);

    private async Task InBackgroundAsync(Func<Task> work, string id)
    {
        try
        {
            await Task.Run(work);
        }
        catch (Exception e)
        {
            LogFailed(e, id);
        }
    }

    private void Forget(string id)
    {
        Interlocked.Increment(ref _revocations);
        foreach (var (hash, entry) in _known)
        {
            if (entry.Token.Id == id)
                _known.TryRemove(hash, out _);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The store does not answer; the token {Name} is taken as it was known.")]
    private partial void LogOutage(Exception exception, string name);

    [LoggerMessage(2, LogLevel.Warning, "The token {Id} could not be read again, or its use not written down; that is made up for later.")]
    private partial void LogFailed(Exception exception, string id);

    private sealed class Entry(CallerToken token, long readAt, long confirmedAt)
    {
        public long NotedAt;
        private int _claimed;

        public CallerToken Token => token;

        /// <summary>From when on its age counts.</summary>
        public long ReadAt => readAt;

        /// <summary>When the store said so.</summary>
        public long ConfirmedAt => confirmedAt;

        /// <summary>True for one request.</summary>
        public bool ClaimRefresh() => Volatile.Read(ref _claimed) == 0 && Interlocked.Exchange(ref _claimed, 1) == 0;
    }
}
