using Larder.Registry.Errors;

namespace Larder.Registry.Storage;

/// <summary>
/// Immutable files, each stored once under the SHA-256 of its bytes. An artifact has no owner: documents name it, and the garbage collector
/// deletes artifacts that no document names.
/// </summary>
/// <remarks>Every method throws <see cref="StorageUnavailableException"/> when the store does not answer, after a bounded number of tries.</remarks>
public interface IArtifactStore
{
    /// <summary>
    /// Stores a file, whole or not at all. When the same bytes are stored already, they are only touched: they get another ETag and time, so that a garbage collection that
    /// listed them before does not delete them.
    /// </summary>
    /// <param name="path">A local file.</param>
    /// <param name="sha256">What its bytes must hash to.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>True when the bytes were sent; false when they were there.</returns>
    /// <exception cref="InvalidDataException">The file's bytes are not the ones that the hash promises; nothing was stored.</exception>
    Task<bool> PutAsync(string path, string sha256, CancellationToken cancellationToken = default);

    /// <summary>Stores what a stream has, as the other overload does a file: for what is too large for a local disk.</summary>
    /// <param name="open">Opens the stream at its beginning; called again for another try, and not at all when the bytes are there.</param>
    /// <param name="sha256">What its bytes must hash to. The stream is not read when the bytes are stored already, so a hash that a client sent proves nothing: compute it first.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>True when the bytes were sent; false when they were there.</returns>
    /// <exception cref="InvalidDataException">The stream's bytes are not the ones that the hash promises; nothing was stored.</exception>
    Task<bool> PutAsync(Func<Task<Stream>> open, string sha256, CancellationToken cancellationToken = default);

    /// <summary>Opens an artifact, or a range of it.</summary>
    /// <param name="sha256">Which.</param>
    /// <param name="offset">First byte; less than the size, unless both are 0.</param>
    /// <param name="length">How many bytes; null for the rest.</param>
    /// <param name="cancellationToken">Cancels the opening, not the stream.</param>
    /// <returns>A stream to read once and dispose of, or null when there is no such artifact.</returns>
    Task<Stream?> OpenReadAsync(string sha256, long offset = 0, long? length = null, CancellationToken cancellationToken = default);

    /// <summary>What is known about an artifact, or null when there is none.</summary>
    Task<ArtifactProperties?> GetPropertiesAsync(string sha256, CancellationToken cancellationToken = default);

    /// <summary>All artifacts.</summary>
    IAsyncEnumerable<ArtifactProperties> ListAsync(CancellationToken cancellationToken = default);

    /// <summary>Deletes an artifact, unless it was touched since it was listed.</summary>
    /// <param name="seen">As it was listed.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>False when it was touched, or is gone.</returns>
    Task<bool> DeleteAsync(ArtifactProperties seen, CancellationToken cancellationToken = default);

    /// <summary>Gives an artifact the current time, before a document names it without storing its bytes again: the garbage collector then leaves it for the grace period.</summary>
    /// <returns>False when there is no such artifact.</returns>
    Task<bool> TouchAsync(string sha256, CancellationToken cancellationToken = default);

    /// <summary>A signed URL from which the artifact can be read without other credentials until it expires.</summary>
    /// <param name="sha256">Which; it need not be there yet.</param>
    /// <param name="life">How long the URL works; a store that signs with an identity gives at most 6 days and 23 hours.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    Task<Uri> GetReadUrlAsync(string sha256, TimeSpan life, CancellationToken cancellationToken = default);
}

/// <summary>What is known about a stored artifact without reading it.</summary>
/// <param name="Sha256">SHA-256 of its bytes, 64 lower-case hexadecimal digits.</param>
/// <param name="SizeBytes">Its size in bytes.</param>
/// <param name="LastModified">When it was stored or last touched, by the clock of the store.</param>
/// <param name="ETag">Opaque; another one after it was touched.</param>
public sealed record ArtifactProperties(string Sha256, long SizeBytes, DateTimeOffset LastModified, string ETag);
