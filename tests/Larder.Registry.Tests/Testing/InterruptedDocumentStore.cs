namespace Larder.Registry.Tests;

/// <summary>A document store on whose writes others come first: what is asked for happens before the next write of a kind is sent.</summary>
internal sealed class InterruptedDocumentStore(IDocumentStore store) : IDocumentStore
{
    private Func<Task>? beforeVersionCreated;
    private Func<Task>? beforeModelReplaced;

    public void BeforeNextVersionIsCreated(Func<Task> act) => beforeVersionCreated = act;

    public void BeforeNextModelIsReplaced(Func<Task> act) => beforeModelReplaced = act;

    public Task<Document<T>?> GetAsync<T>(DocumentCollection<T> collection, string partition, string id, CancellationToken cancellation) =>
        store.GetAsync(collection, partition, id, cancellation);

    public async Task<string> CreateAsync<T>(
        DocumentCollection<T> collection, string partition, string id, T value, CancellationToken cancellation)
    {
        if (collection.Name == "versions" && Interlocked.Exchange(ref beforeVersionCreated, null) is { } act)
            await act();
        return await store.CreateAsync(collection, partition, id, value, cancellation);
    }

    public async Task<string> ReplaceAsync<T>(
        DocumentCollection<T> collection, string partition, string id, T value, string etag, CancellationToken cancellation)
    {
        if (collection.Name == "models" && Interlocked.Exchange(ref beforeModelReplaced, null) is { } act)
            await act();
        return await store.ReplaceAsync(collection, partition, id, value, etag, cancellation);
    }

    public Task<bool> DeleteAsync<T>(DocumentCollection<T> collection, string partition, string id, string etag, CancellationToken cancellation) =>
        store.DeleteAsync(collection, partition, id, etag, cancellation);

    public Task<DocumentPage<T>> ListAsync<T>(
        DocumentCollection<T> collection, string partition, int limit, string? continuation, CancellationToken cancellation) =>
        store.ListAsync(collection, partition, limit, continuation, cancellation);

    public Task<DocumentPage<T>> ScanAsync<T>(DocumentCollection<T> collection, int limit, string? continuation, CancellationToken cancellation) =>
        store.ScanAsync(collection, limit, continuation, cancellation);
}
