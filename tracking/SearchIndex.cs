using System.Diagnostics;
using Larder.Registry.Storage;

namespace Larder.Tracking;

/// <summary>
/// What is searched, in memory: all items of a partition, listed once and kept up to date. What this process writes is in it at once. What others wrote comes with the next
/// listing: one begins in the background when the last is older than a while, and a search waits for it when it is much older. The while grows with the time that a
/// listing takes, so that listings take a twentieth of the time at most.
/// </summary>
/// <param name="documents">The store.</param>
/// <param name="collection">The collection.</param>
/// <param name="view">The item of a document; null for one that is not to be found.</param>
/// <param name="revision">The item's number of changes: of two states the one with the higher number is the later.</param>
/// <typeparam name="TDocument">What is stored.</typeparam>
/// <typeparam name="TItem">What is searched.</typeparam>
internal sealed class SearchIndex<TDocument, TItem>(
    IDocumentStore documents, DocumentCollection<TDocument> collection, Func<TDocument, TItem?> view, Func<TDocument, long> revision)
    where TDocument : class
    where TItem : class
{
    private const int PageSize = 5000;
    private const int Share = 20;

    // Beyond it, the partitions that were searched least recently are forgotten.
    private const int MaxItems = 300_000;

    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Stale = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Shelf> _shelves = new(StringComparer.Ordinal);

    /// <summary>All items of a partition, in no order.</summary>
    public async Task<IReadOnlyCollection<TItem>> ItemsAsync(string partition, CancellationToken cancellationToken)
    {
        Shelf? shelf;
        Task listing;
        lock (_gate)
        {
            if (!_shelves.TryGetValue(partition, out shelf))
                _shelves.Add(partition, shelf = new Shelf());
            shelf.UsedAt = Stopwatch.GetTimestamp();
            var (age, took) = (shelf.Age, shelf.Took);
            // It is not cancelled with the caller, since others wait for it too.
            if (shelf.Listing is null && age > Max(Fresh, Share * took))
                shelf.Listing = ListAsync(partition, shelf);
            listing = shelf.Listing is { } running && age > Max(Stale, 2 * Share * took) ? running : Task.CompletedTask;
        }
        await listing.WaitAsync(cancellationToken);
        lock (_gate)
            return shelf.Snapshot ??= [.. shelf.Items.Values.Select(entry => entry.Item).OfType<TItem>()];
    }

    /// <summary>Takes in what was written.</summary>
    public void Set(string partition, string id, TDocument document)
    {
        lock (_gate)
        {
            if (_shelves.TryGetValue(partition, out var shelf))
                shelf.Set(id, view(document), revision(document));
        }
    }

    /// <summary>Takes out what was deleted.</summary>
    public void Remove(string partition, string id)
    {
        lock (_gate)
        {
            // It stays known that it is gone, since a listing that runs may still have it.
            if (_shelves.TryGetValue(partition, out var shelf))
                shelf.Set(id, null, long.MaxValue);
        }
    }

    private async Task ListAsync(string partition, Shelf shelf)
    {
        var start = Stopwatch.GetTimestamp();
        try
        {
            // Off the lock that the caller holds.
            await Task.Yield();
            var seen = new HashSet<string>(StringComparer.Ordinal);
            string? continuation = null;
            do
            {
                var page = await documents.ListAsync(collection, partition, PageSize, continuation, CancellationToken.None);
                lock (_gate)
                {
                    foreach (var document in page.Documents)
                    {
                        seen.Add(document.Id);
                        shelf.Set(document.Id, view(document.Value), revision(document.Value));
                    }
                }
                continuation = page.Continuation;
            }
            while (continuation is not null);
            lock (_gate)
            {
                // What was there before the listing began, and is not in it, is gone.
                foreach (var (id, entry) in shelf.Items)
                {
                    if (!seen.Contains(id) && entry.SetAt < start)
                        shelf.Remove(id);
                }
                shelf.ListedAt = start;
                shelf.Took = Stopwatch.GetElapsedTime(start);
            }
        }
        finally
        {
            lock (_gate)
            {
                shelf.Listing = null;
                Trim(shelf);
                // Anything can be asked for; what is empty is listed again.
                if (shelf.Items.Count == 0 && _shelves.GetValueOrDefault(partition) == shelf)
                    _shelves.Remove(partition);
            }
        }
    }

    private void Trim(Shelf kept)
    {
        while (_shelves.Count > 1 && _shelves.Values.Sum(shelf => shelf.Items.Count) > MaxItems)
        {
            var oldest = _shelves.Where(entry => entry.Value != kept && entry.Value.Listing is null).OrderBy(entry => entry.Value.UsedAt).Select(entry => entry.Key).FirstOrDefault();
            if (oldest is null)
                return;
            _shelves.Remove(oldest);
        }
    }

    private static TimeSpan Max(TimeSpan x, TimeSpan y) => x > y ? x : y;

    private sealed record Entry(TItem? Item, long Revision, long SetAt);

    private sealed class Shelf
    {
        public Dictionary<string, Entry> Items { get; } = new(StringComparer.Ordinal);

        public IReadOnlyCollection<TItem>? Snapshot { get; set; }

        public Task? Listing { get; set; }

        public long? ListedAt { get; set; }

        public long UsedAt { get; set; }

        public TimeSpan Took { get; set; }

        public TimeSpan Age => ListedAt is { } at ? Stopwatch.GetElapsedTime(at) : TimeSpan.MaxValue;

        public void Set(string id, TItem? item, long revision)
        {
            if (Items.TryGetValue(id, out var known) && known.Revision >= revision)
                return;
            Items[id] = new Entry(item, revision, Stopwatch.GetTimestamp());
            Snapshot = null;
        }

        public void Remove(string id)
        {
            Items.Remove(id);
            Snapshot = null;
        }
    }
}
