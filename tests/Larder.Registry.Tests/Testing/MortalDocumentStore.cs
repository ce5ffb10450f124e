namespace Larder.Registry.Tests;

/// <summary>The document store of a host that dies.</summary>
internal sealed class MortalDocumentStore(IDocumentStore store, Mortality life) : IDocumentStore
{
    public Task<Document<T>?> GetAsync<T>(DocumentCollection<T> collection, string partition, string id, CancellationToken cancellation) =>
        life.LiveAsync(() => store.GetAsync(collection, partition, id, cancellation));

    public Task<string> CreateAsync<T>(DocumentCollection<T> collection, string partition, string id, T value, CancellationToken cancellation) =>
        life.LiveAsync(() => store.CreateAsync(collection, partition, id, value, cancellation));

    public Task<string> ReplaceAsync<T>(
        DocumentCollection<T> collection, string partition, string id, T value, string etag, CancellationToken cancellation) =>
        life.LiveAsync(() => store.ReplaceAsync(collection, partition, id, value, etag, cancellation));

    public Task<bool> DeleteAsync<T>(DocumentCollection<T> collection, string partition, string id, string etag, CancellationToken cancellation) =>
        life.LiveAsync(() => store.DeleteAsync(collection, partition, id, etag, cancellation));

    public Task<DocumentPage<T>> ListAsync<T>(
        DocumentCollection<T> collection, string partition, int limit, string? continuation, CancellationToken cancellation) =>
        life.LiveAsync(() => store.ListAsync(collection, partition, limit, continuation, cancellation));

    public Task<DocumentPage<T>> ScanAsync<T>(DocumentCollection<T> collection, int limit, string? continuation, CancellationToken cancellation) =>
        life.LiveAsync(() => store.ScanAsync(collection, limit, continuation, cancellation));
}
