using System.Diagnostics;
using Larder.Registry.Storage;
using Larder.Search.Sources;

namespace Larder.Search;

/// <summary>
/// All that can be found, in memory: listed at the first search and kept up to date. What this process changed is in it at once, since the store notes it; what other
/// servers changed comes with the next listing. One begins in the background when the last is older than a while, and a search waits for it when it is much older. The while
/// grows with the time that a listing takes, so that listings take a twentieth of the time at most.
/// </summary>
/// <param name="sources">What can be found.</param>
/// <param name="changes">What this process changed.</param>
internal sealed class ItemIndex(IEnumerable<ISearchSource> sources, DocumentChanges changes) : IDisposable
{
    private const int Share = 20;
    private const int Tries = 3;

    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Stale = TimeSpan.FromSeconds(10);

    private readonly ISearchSource[] _sources = [.. sources];
    private readonly SemaphoreSlim _turn = new(1);
    private readonly Lock _gate = new();
    private readonly TextIndex _texts = new();
    private readonly Dictionary<string, IReadOnlyList<SearchItem>> _groups = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _indexed = new(StringComparer.Ordinal);
    private HashSet<string> _read = new(StringComparer.Ordinal);
    private IReadOnlyList<SearchItem>? _view;
    private int _overflows;
    private Task? _listing;
    private long _listedAt;
    private TimeSpan _took;

    /// <summary>The items as they are now, in no order.</summary>
    public async Task<IReadOnlyList<SearchItem>> ItemsAsync(CancellationToken cancellationToken)
    {
        for (var left = Tries; ; left--)
        {
            await WaitForListingAsync(cancellationToken);
            await _turn.WaitAsync(cancellationToken);
            try
            {
                // Where changes come faster than they can be listed, what was listed last is the answer.
                if ((await TryTakeChangesAsync() && IsListed) || left <= 1)
                    return _view ??= [.. _groups.Values.SelectMany(items => items)];
            }
            finally
            {
                _turn.Release();
            }
        }
    }

    private bool IsListed
    {
        get
        {
            lock (_gate)
                return _listedAt != 0;
        }
    }

    /// <summary>The items that fit a text, by key, with their scores.</summary>
    public IReadOnlyDictionary<string, double> Find(string text) => _texts.Find(text);

    public void Dispose()
    {
        _texts.Dispose();
        _turn.Dispose();
    }

    private Task WaitForListingAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var age = _listedAt == 0 ? TimeSpan.MaxValue : Stopwatch.GetElapsedTime(_listedAt);
            // It is not cancelled with the caller, since others wait for it too.
            if (_listing is null or { IsCompleted: true } && age > Max(Fresh, Share * _took))
                _listing = Task.Run(ListAsync, CancellationToken.None);
            return age > Max(Stale, 2 * Share * _took) ? _listing!.WaitAsync(cancellationToken) : Task.CompletedTask;
        }
    }

    // Searches go on meanwhile; what they read again since is newer than what is listed.
    private async Task ListAsync()
    {
        var start = Stopwatch.GetTimestamp();
        await _turn.WaitAsync();
        _read = new HashSet<string>(StringComparer.Ordinal);
        var overflows = _overflows;
        // No search has an answer before such a listing, which has what was changed before it.
        if (!IsListed)
            changes.Take();
        _turn.Release();
        var listed = new List<(string Group, IReadOnlyList<SearchItem> Items)>();
        foreach (var source in _sources)
        {
            await foreach (var group in source.ScanAsync(CancellationToken.None))
                listed.Add(group);
        }

        await _turn.WaitAsync();
        try
        {
            var seen = listed.Select(one => one.Group).ToHashSet(StringComparer.Ordinal);
            foreach (var (group, items) in listed.Where(one => !_read.Contains(one.Group)))
                Set(group, items);
            foreach (var gone in _groups.Keys.Where(group => !seen.Contains(group) && !_read.Contains(group)).ToList())
                Set(gone, []);
            _texts.Refresh();
            _view = null;
            // What was changed while it ran, and is too much to tell, it may not have.
            lock (_gate)
                (_listedAt, _took) = (overflows == _overflows ? start : 0, Stopwatch.GetElapsedTime(start));
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<bool> TryTakeChangesAsync()
    {
        if (changes.Take() is not { } changed)
        {
            // Too many to tell: everything is listed again.
            _overflows++;
            lock (_gate)
                _listedAt = 0;
            return false;
        }
        var groups = changed.SelectMany(change => _sources.Select(source => (Source: source, Group: source.GroupOf(change.Collection, change.Partition, change.Id))))
            .Where(one => one.Group is not null).Distinct().ToList();
        foreach (var (source, group) in groups)
        {
            _read.Add(group!);
            // They are taken: a caller that goes away must not leave them unread.
            Set(group!, await source.ReadAsync(group!, CancellationToken.None));
        }
        if (groups.Count > 0)
        {
            _texts.Refresh();
            _view = null;
        }
        return true;
    }

    private void Set(string group, IReadOnlyList<SearchItem> items)
    {
        foreach (var gone in (_groups.GetValueOrDefault(group) ?? []).Where(before => items.All(item => item.Key != before.Key)))
        {
            _indexed.Remove(gone.Key);
            _texts.Remove(gone.Key);
        }
        foreach (var item in items)
        {
            var texts = TextIndex.TextsOf(item);
            if (_indexed.GetValueOrDefault(item.Key) == texts)
                continue;
            _indexed[item.Key] = texts;
            _texts.Set(item.Key, texts);
        }
        if (items.Count > 0)
            _groups[group] = items;
        else
            _groups.Remove(group);
    }

    private static TimeSpan Max(TimeSpan x, TimeSpan y) => x > y ? x : y;
}
