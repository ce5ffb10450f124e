namespace Larder.Registry.Tests;

/// <summary>A document store on whose writes others come first: what is asked for happens before the next write of a kind is sent.</summary>
internal sealed class InterruptedDocumentStore(IDocumentStore store) : DocumentStoreWrapper(store)
{
    private Func<Task>? beforeVersionCreated;
    private Func<Task>? beforeModelReplaced;

    public void BeforeNextVersionIsCreated(Func<Task> act) => beforeVersionCreated = act;

    public void BeforeNextModelIsReplaced(Func<Task> act) => beforeModelReplaced = act;

    public override async Task<string> CreateAsync<T>(
        DocumentCollection<T> collection, string partition, string id, T value, CancellationToken cancellation)
    {
        if (collection.Name == "versions" && Interlocked.Exchange(ref beforeVersionCreated, null) is { } act)
            await act();
        return await base.CreateAsync(collection, partition, id, value, cancellation);
    }

    public override async Task<string> ReplaceAsync<T>(
        DocumentCollection<T> collection, string partition, string id, T value, string etag, CancellationToken cancellation)
    {
        if (collection.Name == "models" && Interlocked.Exchange(ref beforeModelReplaced, null) is { } act)
            await act();
        return await base.ReplaceAsync(collection, partition, id, value, etag, cancellation);
    }
}
