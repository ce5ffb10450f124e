using Larder.Registry.Storage;

namespace Larder.Registry.Tests.Testing;

/// <summary>A document store on whose writes others come first: what is asked for happens before the next write of a kind is sent.</summary>
internal sealed class InterruptedDocumentStore(IDocumentStore store) : DocumentStoreWrapper(store)
{
    private Func<Task>? _beforeVersionCreated;
    private Func<Task>? _beforeModelReplaced;

    public void BeforeNextVersionIsCreated(Func<Task> act) => _beforeVersionCreated = act;

    public void BeforeNextModelIsReplaced(Func<Task> act) => _beforeModelReplaced = act;

    public override async Task<string> CreateAsync<T>(
        DocumentCollection<T> collection, string partition, string id, T value, CancellationToken cancellationToken)
    {
        if (collection.Name == "versions" && Interlocked.Exchange(ref _beforeVersionCreated, null) is { } act)
            await act();
        return await base.CreateAsync(collection, partition, id, value, cancellationToken);
    }

    public override async Task<string> ReplaceAsync<T>(
        DocumentCollection<T> collection, string partition, string id, T value, string etag, CancellationToken cancellationToken)
    {
        if (collection.Name == "models" && Interlocked.Exchange(ref _beforeModelReplaced, null) is { } act)
            await act();
        return await base.ReplaceAsync(collection, partition, id, value, etag, cancellationToken);
    }
}
