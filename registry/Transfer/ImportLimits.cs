namespace Larder.Registry;

/// <summary>How much an archive that is imported may hold (settings <c>Limits:Import:*</c>).</summary>
public sealed record ImportLimits
{
    /// <summary>The largest archive, in bytes.</summary>
    public long ArchiveBytes { get; init; } = 100L << 30;

    /// <summary>Bytes of all files in it together, unpacked.</summary>
    public long ExpandedBytes { get; init; } = 110L << 30;

    /// <summary>The most entries. Each takes some 500 bytes of memory while the archive is read.</summary>
    public int Entries { get; init; } = 200_000;

    /// <summary>The most unpacked bytes for a packed one, of any file that has more than a mebibyte. An export is not packed.</summary>
    public int Ratio { get; init; } = 200;

    /// <summary>Bytes of a document, each, and of a file that comes with a version beside the model.</summary>
    public int DocumentBytes { get; init; } = 4 << 20;

    /// <summary>Refuses values that make no sense.</summary>
    /// <exception cref="ArgumentException">One of them does.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(ArchiveBytes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(ExpandedBytes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Entries, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Entries, 10_000_000);
        ArgumentOutOfRangeException.ThrowIfLessThan(Ratio, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(DocumentBytes, 1024);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(DocumentBytes, 256 << 20);
    }
}
