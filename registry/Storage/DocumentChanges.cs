namespace Larder.Registry.Storage;

/// <summary>Which documents this process wrote or deleted since it was asked last, for what keeps a copy of them.</summary>
/// <param name="collections">The names of the collections that matter.</param>
public sealed class DocumentChanges(IEnumerable<string> collections)
{
    // Beyond it, a listing is quicker than a read of each.
    private const int Most = 500;

    private readonly HashSet<string> _collections = new(collections, StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private HashSet<DocumentChange> _changed = [];
    private bool _isFull;

    /// <summary>The documents that were changed since the last call; null when there were too many to tell.</summary>
    public IReadOnlyCollection<DocumentChange>? Take()
    {
        lock (_gate)
        {
            var taken = _isFull ? null : _changed;
            (_changed, _isFull) = ([], false);
            return taken;
        }
    }

    internal void Note(string collection, string partition, string id)
    {
        if (!_collections.Contains(collection))
            return;
        lock (_gate)
        {
            if (_isFull)
                return;
            _changed.Add(new DocumentChange(collection, partition, id));
            if (_changed.Count >= Most)
                (_changed, _isFull) = ([], true);
        }
    }
}

/// <summary>A document that was written or deleted, or may have been: also a write that failed is noted.</summary>
/// <param name="Collection">The collection's name.</param>
/// <param name="Partition">The document's partition.</param>
/// <param name="Id">The document's id.</param>
public readonly record struct DocumentChange(string Collection, string Partition, string Id);

/// <summary>A document store that notes what is changed.</summary>
/// <param name="inner">The store.</param>
/// <param name="changes">Where it is noted.</param>
public sealed class NotingDocumentStore(IDocumentStore inner, DocumentChanges changes) : IDocumentStore
{
    /// <inheritdoc/>
    public Task<Document<T>?> GetAsync<T>(DocumentCollection<T> collection, string partition, string id, CancellationToken cancellationToken = default) =>
        inner.GetAsync(collection, partition, id, cancellationToken);

    /// <inheritdoc/>
    public async Task<string> CreateAsync<T>(DocumentCollection<T> collection, string partition, string id, T value, CancellationToken cancellationToken = default)
    {
        try
        {
            return await inner.CreateAsync(collection, partition, id, value, cancellationToken);
        }
        finally
        {
            changes.Note(collection.Name, partition, id);
        }
    }

    /// <inheritdoc/>
    public async Task<string> ReplaceAsync<T>(
        DocumentCollection<T> collection, string partition, string id, T value, string etag, CancellationToken cancellationToken = default)
    {
        try
        {
            return await inner.ReplaceAsync(collection, partition, id, value, etag, cancellationToken);
        }
        finally
        {
            changes.Note(collection.Name, partition, id);
        }
    }

    /// <inheritdoc/>
    public async Task<bool> DeleteAsync<T>(DocumentCollection<T> collection, string partition, string id, string etag, CancellationToken cancellationToken = default)
    {
        try
        {
            return await inner.DeleteAsync(collection, partition, id, etag, cancellationToken);
        }
        finally
        {
            changes.Note(collection.Name, partition, id);
        }
    }

    /// <inheritdoc/>
    public Task<DocumentPage<T>> ListAsync<T>(
        DocumentCollection<T> collection, string partition, int limit, string? continuation = null, CancellationToken cancellationToken = default) =>
        inner.ListAsync(collection, partition, limit, continuation, cancellationToken);

    /// <inheritdoc/>
    public Task<DocumentPage<T>> ScanAsync<T>(DocumentCollection<T> collection, int limit, string? continuation = null, CancellationToken cancellationToken = default) =>
        inner.ScanAsync(collection, limit, continuation, cancellationToken);
}
