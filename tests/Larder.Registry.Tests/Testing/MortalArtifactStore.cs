namespace Larder.Registry.Tests;

/// <summary>The artifact store of a host that dies.</summary>
internal sealed class MortalArtifactStore(IArtifactStore store, Mortality life) : IArtifactStore
{
    public Task<bool> PutAsync(string path, string sha256, CancellationToken cancellation) =>
        life.LiveAsync(() => store.PutAsync(path, sha256, cancellation));

    public Task<bool> PutAsync(Func<Task<Stream>> open, string sha256, CancellationToken cancellation) =>
        life.LiveAsync(() => store.PutAsync(open, sha256, cancellation));

    public Task<Stream?> OpenReadAsync(string sha256, long offset, long? length, CancellationToken cancellation) =>
        life.LiveAsync(() => store.OpenReadAsync(sha256, offset, length, cancellation));

    public Task<ArtifactProperties?> GetPropertiesAsync(string sha256, CancellationToken cancellation) =>
        life.LiveAsync(() => store.GetPropertiesAsync(sha256, cancellation));

    public async IAsyncEnumerable<ArtifactProperties> ListAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var all = store.ListAsync(cancellation).GetAsyncEnumerator(cancellation);
        while (await life.LiveAsync(() => all.MoveNextAsync().AsTask()))
            yield return all.Current;
    }

    public Task<bool> DeleteAsync(ArtifactProperties seen, CancellationToken cancellation) =>
        life.LiveAsync(() => store.DeleteAsync(seen, cancellation));

    public Task<bool> TouchAsync(string sha256, CancellationToken cancellation) => life.LiveAsync(() => store.TouchAsync(sha256, cancellation));

    public Task<Uri> GetReadUrlAsync(string sha256, TimeSpan life, CancellationToken cancellation) =>
        store.GetReadUrlAsync(sha256, life, cancellation);
}
