using Larder.Inference.Limits;
using Larder.Registry.Errors;

namespace Larder.Registry.Backup;

/// <summary>
/// An archive of a registry, opened: its files by name. The implementation checks that no name is there twice, and that there are not too many files;
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

/// <summary>How much an archive that is imported may hold (settings <c>Limits:Import:*</c>).</summary>
public sealed record ImportLimits
{
    /// <summary>The largest archive, in bytes.</summary>
    [AtLeast(1)]
    public long ArchiveBytes { get; init; } = 100L << 30;

    /// <summary>Bytes of all files in it together, unpacked.</summary>
    [AtLeast(1)]
    public long ExpandedBytes { get; init; } = 110L << 30;

    /// <summary>The most entries. Each takes some 500 bytes of memory while the archive is read.</summary>
    [Between(1, 10_000_000)]
    public int Entries { get; init; } = 200_000;

    /// <summary>The most unpacked bytes for a packed one, of any file that has more than a mebibyte. An export is not packed.</summary>
    [AtLeast(1)]
    public int Ratio { get; init; } = 200;

    /// <summary>Bytes of a document, each, and of a file that comes with a version beside the model.</summary>
    [Between(1024, 256 << 20)]
    public int DocumentBytes { get; init; } = 4 << 20;
}
