using Larder.Registry.Errors;

namespace Larder.Registry.Storage;

/// <summary>
/// JSON documents in named collections, keyed by partition and id, each with an ETag. Whatever runs on a request needs only
/// <see cref="GetAsync"/>, one conditional write, or <see cref="ListAsync"/> within one partition; <see cref="ScanAsync"/> is for lists of
/// everything and for housekeeping.
/// </summary>
/// <remarks>
/// Partitions and ids are any non-empty Unicode strings, <c>/ \ ? # %</c> included, of up to about 900 bytes together (those bytes that are not
/// letters, digits, <c>-</c>, <c>.</c> or <c>_</c> count three times). A read sees every write that was acknowledged before it began.
/// Every method that reads throws <see cref="NewerDocumentException"/> when a newer release has written the document.
/// Every method throws <see cref="StorageUnavailableException"/> when the store does not answer, after a bounded number of tries.
/// </remarks>
public interface IDocumentStore
{
    /// <summary>A document, or null when there is none.</summary>
    Task<Document<T>?> GetAsync<T>(DocumentCollection<T> collection, string partition, string id, CancellationToken cancellationToken = default);

    /// <summary>Writes a document that must not be there yet.</summary>
    /// <returns>Its ETag.</returns>
    /// <exception cref="DocumentExistsException">It is there already.</exception>
    Task<string> CreateAsync<T>(DocumentCollection<T> collection, string partition, string id, T value, CancellationToken cancellationToken = default);

    /// <summary>Writes a document that must still be the one that was read.</summary>
    /// <returns>Its new ETag.</returns>
    /// <exception cref="ETagMismatchException">It was changed or deleted since.</exception>
    Task<string> ReplaceAsync<T>(
        DocumentCollection<T> collection, string partition, string id, T value, string etag, CancellationToken cancellationToken = default);

    /// <summary>Deletes a document that must still be the one that was read.</summary>
    /// <returns>False when it was gone already.</returns>
    /// <exception cref="ETagMismatchException">It was changed since.</exception>
    Task<bool> DeleteAsync<T>(
        DocumentCollection<T> collection, string partition, string id, string etag, CancellationToken cancellationToken = default);

    /// <summary>
    /// The documents of one partition in the order of their ids: ordinal, with ASCII punctuation other than <c>- . _</c> behind the letters.
    /// </summary>
    /// <param name="collection">The collection.</param>
    /// <param name="partition">The partition.</param>
    /// <param name="limit">The most documents in the page: 1 to 5000.</param>
    /// <param name="continuation">
    /// From the page before; null for the first page. It stays good whatever is written meanwhile: a document that is there all the time comes
    /// exactly once; one that is created, changed or deleted between two pages may come or not.
    /// </param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="InvalidRequestException">The continuation is none of this store's.</exception>
    Task<DocumentPage<T>> ListAsync<T>(
        DocumentCollection<T> collection, string partition, int limit, string? continuation = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// All documents of a collection, partition after partition, both in the order that <see cref="ListAsync"/> has for ids. Its cost grows
    /// with the collection.
    /// </summary>
    /// <inheritdoc cref="ListAsync"/>
    Task<DocumentPage<T>> ScanAsync<T>(
        DocumentCollection<T> collection, int limit, string? continuation = null, CancellationToken cancellationToken = default);
}
