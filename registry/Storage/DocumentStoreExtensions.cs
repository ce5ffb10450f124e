namespace Larder.Registry.Storage;

/// <summary>Operations on documents that several stores need.</summary>
internal static class DocumentStoreExtensions
{
    /// <summary>All documents of a collection, page after page.</summary>
    public static IAsyncEnumerable<Document<T>> ScanAllAsync<T>(
        this IDocumentStore documents, DocumentCollection<T> collection, int pageSize, CancellationToken cancellationToken) =>
        AllAsync(continuation => documents.ScanAsync(collection, pageSize, continuation, cancellationToken));

    /// <summary>All documents of a partition, page after page.</summary>
    public static IAsyncEnumerable<Document<T>> ListAllAsync<T>(
        this IDocumentStore documents, DocumentCollection<T> collection, string partition, int pageSize, CancellationToken cancellationToken = default) =>
        AllAsync(continuation => documents.ListAsync(collection, partition, pageSize, continuation, cancellationToken));

    /// <summary>Writes a document in the place of the one that was read, or of none.</summary>
    /// <returns>The document as it is stored now.</returns>
    /// <exception cref="ETagMismatchException">It was changed or deleted since it was read.</exception>
    /// <exception cref="DocumentExistsException">There was none, and there is one now.</exception>
    public static async Task<Document<T>> WriteAsync<T>(
        this IDocumentStore documents,
        DocumentCollection<T> collection,
        string partition,
        string id,
        Document<T>? read,
        T value,
        CancellationToken cancellationToken)
    {
        var etag = read is null
            ? await documents.CreateAsync(collection, partition, id, value, cancellationToken)
            : await documents.ReplaceAsync(collection, partition, id, value, read.ETag, cancellationToken);
        return new Document<T>(partition, id, etag, value);
    }

    /// <summary>Deletes a document unless it was changed or deleted since it was read.</summary>
    /// <returns>Whether it did.</returns>
    public static async Task<bool> TryDeleteAsync<T>(
        this IDocumentStore documents, DocumentCollection<T> collection, Document<T> read, CancellationToken cancellationToken)
    {
        try
        {
            return await documents.DeleteAsync(collection, read.Partition, read.Id, read.ETag, cancellationToken);
        }
        catch (ETagMismatchException)
        {
            return false;
        }
    }

    private static async IAsyncEnumerable<Document<T>> AllAsync<T>(Func<string?, Task<DocumentPage<T>>> read)
    {
        string? continuation = null;
        do
        {
            var page = await read(continuation);
            foreach (var document in page.Documents)
                yield return document;
            continuation = page.Continuation;
        }
        while (continuation is not null);
    }
}
