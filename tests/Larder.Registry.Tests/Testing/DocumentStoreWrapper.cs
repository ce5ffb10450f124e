namespace Larder.Registry.Tests;

/// <summary>A document store that does what another does, but for what a test overrides.</summary>
internal abstract class DocumentStoreWrapper(IDocumentStore store) : IDocumentStore
{
    public virtual Task<Document<T>?> GetAsync<T>(
        DocumentCollection<T> collection, string partition, string id, CancellationToken cancellation) =>
        store.GetAsync(collection, partition, id, cancellation);

    public virtual Task<string> CreateAsync<T>(
        DocumentCollection<T> collection, string partition, string id, T value, CancellationToken cancellation) =>
        store.CreateAsync(collection, partition, id, value, cancellation);

    public virtual Task<string> ReplaceAsync<T>(
        DocumentCollection<T> collection, string partition, string id, T value, string etag, CancellationToken cancellation) =>
        store.ReplaceAsync(collection, partition, id, value, etag, cancellation);

    public virtual Task<bool> DeleteAsync<T>(
        DocumentCollection<T> collection, string partition, string id, string etag, CancellationToken cancellation) =>
        store.DeleteAsync(collection, partition, id, etag, cancellation);

    public virtual Task<DocumentPage<T>> ListAsync<T>(
        DocumentCollection<T> collection, string partition, int limit, string? continuation, CancellationToken cancellation) =>
        store.ListAsync(collection, partition, limit, continuation, cancellation);

    public virtual Task<DocumentPage<T>> ScanAsync<T>(
        DocumentCollection<T> collection, int limit, string? continuation, CancellationToken cancellation) =>
        store.ScanAsync(collection, limit, continuation, cancellation);
}
