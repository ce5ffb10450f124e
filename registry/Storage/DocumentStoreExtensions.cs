using System.Runtime.CompilerServices;

namespace Larder.Registry.Storage;

/// <summary>What several users of a document store do with it.</summary>
internal static class DocumentStoreExtensions
{
    /// <summary>All documents of a collection, page after page.</summary>
    public static async IAsyncEnumerable<Document<T>> ScanAllAsync<T>(
        this IDocumentStore documents, DocumentCollection<T> collection, int pageSize, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? continuation = null;
        do
        {
            var page = await documents.ScanAsync(collection, pageSize, continuation, cancellationToken);
            foreach (var document in page.Documents)
                yield return document;
            continuation = page.Continuation;
        }
        while (continuation is not null);
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
}
