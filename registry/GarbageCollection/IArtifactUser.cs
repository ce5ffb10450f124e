namespace Larder.Registry.GarbageCollection;

/// <summary>Documents of another room that name artifacts, which the garbage collection must leave.</summary>
/// <remarks>The artifact is stored, or touched, before such a document is made: so one that the collection has not seen names a young artifact.</remarks>
public interface IArtifactUser
{
    /// <summary>The SHA-256 of every artifact that is named, some more than once.</summary>
    IAsyncEnumerable<string> UsedArtifactsAsync(CancellationToken cancellationToken = default);
}
