namespace Larder.Registry.Storage;

/// <summary>
/// Changes documents of a collection by compare-and-swap: read, change, write if the document is still as it was read, else back off and begin again.
/// This is the only such loop; callers of one instance that change the same document take turns (<see cref="KeyedLock"/>).
/// </summary>
/// <typeparam name="T">Type of the documents' content, immutable.</typeparam>
internal sealed class DocumentUpdater<T>
    where T : class
{
    private readonly IDocumentStore _documents;
    private readonly DocumentCollection<T> _collection;
    private readonly Func<Document<T>?, T, CancellationToken, Task<Document<T>>>? _write;
    private readonly KeyedLock _locks = new();

    /// <summary>An updater of a collection.</summary>
    /// <param name="documents">The store.</param>
    /// <param name="collection">The collection.</param>
    /// <param name="write">
    /// Writes the new content in the place of the document that was read, where more belongs to that than one conditional write; null for
    /// <see cref="DocumentStoreExtensions.WriteAsync"/>. It runs under the lock of the document.
    /// </param>
    public DocumentUpdater(
        IDocumentStore documents, DocumentCollection<T> collection, Func<Document<T>?, T, CancellationToken, Task<Document<T>>>? write = null) =>
        (_documents, _collection, _write) = (documents, collection, write);

    /// <inheritdoc cref="UpdateAsync(string, string, string, Func{Document{T}, Task{T}}, CancellationToken)"/>
    public Task<Document<T>?> UpdateAsync(string partition, string id, string what, Func<Document<T>?, T?> change, CancellationToken cancellationToken) =>
        UpdateAsync(partition, id, what, read => Task.FromResult(change(read)), cancellationToken);

    /// <summary>Changes, or creates, a document.</summary>
    /// <param name="partition">The document's partition.</param>
    /// <param name="id">The document's id.</param>
    /// <param name="what">What the document is, with its article: for the error when too many callers change it.</param>
    /// <param name="change">
    /// Returns the new content for the document that was read (null when there is none). It is called again for every attempt. Null, or the content that was
    /// read, means that nothing is written.
    /// </param>
    /// <param name="cancellationToken">Cancels the operation; a write that was sent may be done all the same.</param>
    /// <returns>The document that is stored now; null when <paramref name="change"/> returned null.</returns>
    public Task<Document<T>?> UpdateAsync(
        string partition, string id, string what, Func<Document<T>?, Task<T?>> change, CancellationToken cancellationToken)
    {
        return _locks.RunAsync($"{partition}/{id}", RunAsync, cancellationToken);

        async Task<Document<T>?> RunAsync()
        {
            var backoff = new Backoff(what);
            while (true)
            {
                var read = await _documents.GetAsync(_collection, partition, id, cancellationToken);
                if (await change(read) is not { } next)
                    return null;
                if (ReferenceEquals(next, read?.Value))
                    return read;
                try
                {
                    return _write is null
                        ? await _documents.WriteAsync(_collection, partition, id, read, next, cancellationToken)
                        : await _write(read, next, cancellationToken);
                }
                catch (Exception e) when (e is ETagMismatchException or DocumentExistsException)
                {
                    await backoff.NextAsync(cancellationToken);
                }
            }
        }
    }
}
