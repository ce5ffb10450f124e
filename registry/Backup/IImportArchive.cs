using Larder.Registry.Errors;

namespace Larder.Registry.Backup;

/// <summary>
/// An archive of a registry, opened: its files by name. Whoever made it looked that no name is there twice, and that there are no more files than there may be;
/// a file's stream ends with an error where it is longer, shorter or other than the archive says.
/// </summary>
public interface IImportArchive
{
    /// <summary>Bytes of each file, folders aside.</summary>
    IReadOnlyDictionary<string, long> Files { get; }

    /// <summary>Opens a file that is there, to read once and dispose of.</summary>
    /// <exception cref="InvalidRequestException">It is damaged; reading may say so too.</exception>
    Task<Stream> OpenAsync(string file, CancellationToken cancellationToken);
}
