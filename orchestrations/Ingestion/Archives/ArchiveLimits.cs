using Larder.Inference.Limits;

namespace Larder.Orchestrations.Ingestion.Archives;

/// <summary>How much an archive may hold (settings <c>Limits:Archive:*</c>).</summary>
public sealed record ArchiveLimits
{
    /// <summary>The largest archive, in bytes.</summary>
    [AtLeast(1)]
    public long PackedBytes { get; init; } = 2L << 30;

    /// <summary>Bytes of all files in it together, unpacked; those that are not read count too.</summary>
    [AtLeast(1)]
    public long ExpandedBytes { get; init; } = 4L << 30;

    /// <summary>The most entries, folders included. A zip cannot say more without ZIP64; a model's archive has a handful.</summary>
    [Between(1, 65_534)]
    public int Entries { get; init; } = 1000;

    /// <summary>The most unpacked bytes for a packed one, of any file that has more than a mebibyte.</summary>
    [AtLeast(1)]
    public int Ratio { get; init; } = 200;

    /// <summary>Bytes of <c>larder.yaml</c>, <c>metrics.json</c> and <c>README.md</c>, each.</summary>
    [AtLeast(1)]
    public int TextBytes { get; init; } = 1 << 20;
}
