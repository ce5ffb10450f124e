using Larder.Registry.Storage;

namespace Larder.Registry.Tests.Testing;

/// <summary>The document store of a host that dies.</summary>
internal sealed class MortalDocumentStore(IDocumentStore store, Mortality life) : IDocumentStore
{
    public Task<Document<T>?> GetAsync<T>(DocumentCollection<T> collection, string partition, string id, CancellationToken cancellationToken) =>
        life.LiveAsync(() => store.GetAsync(collection, partition, id, cancellationToken));

    public Task<string> CreateAsync<T>(DocumentCollection<T> collection, string partition, string id, T value, CancellationToken cancellationToken) =>
        life.LiveAsync(() => store.CreateAsync(collection, partition, id, value, cancellationToken));

    public Task<string> ReplaceAsync<T>(
        DocumentCollection<T> collection, string partition, string id, T value, string etag, CancellationToken cancellationToken) =>
        life.LiveAsync(() => store.ReplaceAsync(collection, partition, id, value, etag, cancellationToken));

    public Task<bool> DeleteAsync<T>(DocumentCollection<T> collection, string partition, string id, string etag, CancellationToken cancellationToken) =>
        life.LiveAsync(() => store.DeleteAsync(collection, partition, id, etag, cancellationToken));

    public Task<DocumentPage<T>> ListAsync<T>(
        DocumentCollection<T> collection, string partition, int limit, string? continuation, CancellationToken cancellationToken) =>
        life.LiveAsync(() => store.ListAsync(collection, partition, limit, continuation, cancellationToken));

    public Task<DocumentPage<T>> ScanAsync<T>(DocumentCollection<T> collection, int limit, string? continuation, CancellationToken cancellationToken) =>
        life.LiveAsync(() => store.ScanAsync(collection, limit, continuation, cancellationToken));
}
