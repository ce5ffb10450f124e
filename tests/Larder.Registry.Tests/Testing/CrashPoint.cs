using Larder.Registry.Storage;

namespace Larder.Registry.Tests.Testing;

/// <summary>
/// When a host crashes: at its nth storage call, before the call is sent or after it was done but before the answer came. A crashed host makes no more calls.
/// </summary>
internal sealed class CrashPoint(int call, bool afterwards)
{
    private int _calls;

    public bool IsCrashed { get; private set; }

    public int Calls => Volatile.Read(ref _calls);

    public async Task<T> RunAsync<T>(Func<Task<T>> act)
    {
        if (IsCrashed)
            throw new DeadException();
        IsCrashed = Interlocked.Increment(ref _calls) >= call;
        if (IsCrashed && !afterwards)
            throw new DeadException();
        var result = await act();
        return IsCrashed ? throw new DeadException() : result;
    }

    public sealed class DeadException() : Exception("The host is dead.");
}

/// <summary>The document store of a host that crashes.</summary>
internal sealed class CrashingDocumentStore(IDocumentStore store, CrashPoint life) : IDocumentStore
{
    public Task<Document<T>?> GetAsync<T>(DocumentCollection<T> collection, string partition, string id, CancellationToken cancellationToken) =>
        life.RunAsync(() => store.GetAsync(collection, partition, id, cancellationToken));

    public Task<string> CreateAsync<T>(DocumentCollection<T> collection, string partition, string id, T value, CancellationToken cancellationToken) =>
        life.RunAsync(() => store.CreateAsync(collection, partition, id, value, cancellationToken));

    public Task<string> ReplaceAsync<T>(
        DocumentCollection<T> collection, string partition, string id, T value, string etag, CancellationToken cancellationToken) =>
        life.RunAsync(() => store.ReplaceAsync(collection, partition, id, value, etag, cancellationToken));

    public Task<bool> DeleteAsync<T>(DocumentCollection<T> collection, string partition, string id, string etag, CancellationToken cancellationToken) =>
        life.RunAsync(() => store.DeleteAsync(collection, partition, id, etag, cancellationToken));

    public Task<DocumentPage<T>> ListAsync<T>(
        DocumentCollection<T> collection, string partition, int limit, string? continuation, CancellationToken cancellationToken) =>
        life.RunAsync(() => store.ListAsync(collection, partition, limit, continuation, cancellationToken));

    public Task<DocumentPage<T>> ScanAsync<T>(DocumentCollection<T> collection, int limit, string? continuation, CancellationToken cancellationToken) =>
        life.RunAsync(() => store.ScanAsync(collection, limit, continuation, cancellationToken));
}

/// <summary>The artifact store of a host that crashes.</summary>
internal sealed class CrashingArtifactStore(IArtifactStore store, CrashPoint life) : IArtifactStore
{
    public Task<bool> PutAsync(string path, string sha256, CancellationToken cancellationToken) =>
        life.RunAsync(() => store.PutAsync(path, sha256, cancellationToken));

    public Task<bool> PutAsync(Func<Task<Stream>> open, string sha256, CancellationToken cancellationToken) =>
        life.RunAsync(() => store.PutAsync(open, sha256, cancellationToken));

    public Task<Stream?> OpenReadAsync(string sha256, long offset, long? length, CancellationToken cancellationToken) =>
        life.RunAsync(() => store.OpenReadAsync(sha256, offset, length, cancellationToken));

    public Task<ArtifactProperties?> GetPropertiesAsync(string sha256, CancellationToken cancellationToken) =>
        life.RunAsync(() => store.GetPropertiesAsync(sha256, cancellationToken));

    public async IAsyncEnumerable<ArtifactProperties> ListAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var all = store.ListAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await life.RunAsync(() => all.MoveNextAsync().AsTask()))
            yield return all.Current;
    }

    public Task<bool> DeleteAsync(ArtifactProperties seen, CancellationToken cancellationToken) =>
        life.RunAsync(() => store.DeleteAsync(seen, cancellationToken));

    public Task<bool> TouchAsync(string sha256, CancellationToken cancellationToken) => life.RunAsync(() => store.TouchAsync(sha256, cancellationToken));

    public Task<Uri> GetReadUrlAsync(string sha256, TimeSpan life, CancellationToken cancellationToken) =>
        store.GetReadUrlAsync(sha256, life, cancellationToken);
}
