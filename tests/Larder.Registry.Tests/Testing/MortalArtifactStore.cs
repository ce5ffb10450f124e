using Larder.Registry.Storage;

namespace Larder.Registry.Tests.Testing;

/// <summary>The artifact store of a host that dies.</summary>
internal sealed class MortalArtifactStore(IArtifactStore store, Mortality life) : IArtifactStore
{
    public Task<bool> PutAsync(string path, string sha256, CancellationToken cancellationToken) =>
        life.LiveAsync(() => store.PutAsync(path, sha256, cancellationToken));

    public Task<bool> PutAsync(Func<Task<Stream>> open, string sha256, CancellationToken cancellationToken) =>
        life.LiveAsync(() => store.PutAsync(open, sha256, cancellationToken));

    public Task<Stream?> OpenReadAsync(string sha256, long offset, long? length, CancellationToken cancellationToken) =>
        life.LiveAsync(() => store.OpenReadAsync(sha256, offset, length, cancellationToken));

    public Task<ArtifactProperties?> GetPropertiesAsync(string sha256, CancellationToken cancellationToken) =>
        life.LiveAsync(() => store.GetPropertiesAsync(sha256, cancellationToken));

    public async IAsyncEnumerable<ArtifactProperties> ListAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var all = store.ListAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await life.LiveAsync(() => all.MoveNextAsync().AsTask()))
            yield return all.Current;
    }

    public Task<bool> DeleteAsync(ArtifactProperties seen, CancellationToken cancellationToken) =>
        life.LiveAsync(() => store.DeleteAsync(seen, cancellationToken));

    public Task<bool> TouchAsync(string sha256, CancellationToken cancellationToken) => life.LiveAsync(() => store.TouchAsync(sha256, cancellationToken));

    public Task<Uri> GetReadUrlAsync(string sha256, TimeSpan life, CancellationToken cancellationToken) =>
        store.GetReadUrlAsync(sha256, life, cancellationToken);
}
