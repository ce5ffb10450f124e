using Larder.Registry.Storage;

namespace Larder.Registry.Tests.Testing;

/// <summary>A document store that does what another does, but for what a test overrides.</summary>
internal abstract class DocumentStoreWrapper(IDocumentStore store) : IDocumentStore
{
    public virtual Task<Document<T>?> GetAsync<T>(
        DocumentCollection<T> collection, string partition, string id, CancellationToken cancellationToken) =>
        store.GetAsync(collection, partition, id, cancellationToken);

    public virtual Task<string> CreateAsync<T>(
        DocumentCollection<T> collection, string partition, string id, T value, CancellationToken cancellationToken) =>
        store.CreateAsync(collection, partition, id, value, cancellationToken);

    public virtual Task<string> ReplaceAsync<T>(
        DocumentCollection<T> collection, string partition, string id, T value, string etag, CancellationToken cancellationToken) =>
        store.ReplaceAsync(collection, partition, id, value, etag, cancellationToken);

    public virtual Task<bool> DeleteAsync<T>(
        DocumentCollection<T> collection, string partition, string id, string etag, CancellationToken cancellationToken) =>
        store.DeleteAsync(collection, partition, id, etag, cancellationToken);

    public virtual Task<DocumentPage<T>> ListAsync<T>(
        DocumentCollection<T> collection, string partition, int limit, string? continuation, CancellationToken cancellationToken) =>
        store.ListAsync(collection, partition, limit, continuation, cancellationToken);

    public virtual Task<DocumentPage<T>> ScanAsync<T>(
        DocumentCollection<T> collection, int limit, string? continuation, CancellationToken cancellationToken) =>
        store.ScanAsync(collection, limit, continuation, cancellationToken);
}
