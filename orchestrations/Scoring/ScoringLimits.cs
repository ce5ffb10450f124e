using Larder.Inference.Limits;

namespace Larder.Orchestrations.Scoring;

/// <summary>What the scoring of a data set may take (settings <c>Limits:Scoring:*</c>).</summary>
public sealed record ScoringLimits
{
    /// <summary>The largest data set, in bytes.</summary>
    [AtLeast(1)]
    public long DatasetBytes { get; init; } = 10L << 30;

    /// <summary>The longest row, in bytes.</summary>
    [Between(1024, 256 << 20)]
    public long RowBytes { get; init; } = 4L << 20;

    /// <summary>The most columns, of a data set and of a result.</summary>
    [AtLeast(1)]
    public int Columns { get; init; } = 10_000;

    /// <summary>Bytes of a data set from which a chunk ends. A chunk is in memory whole while it is scored.</summary>
    [Between(1024, 256 << 20)]
    public long ChunkBytes { get; init; } = 16L << 20;

    /// <summary>Chunks of a job that are scored at the same time.</summary>
    [Between(1, 64)]
    public int ParallelChunks { get; init; } = 2;

    /// <summary>Hosts from which data sets may be fetched by URL, separated by commas; <c>*.example.com</c> is every host below it. None by default.</summary>
    public string UrlHosts { get; init; } = "";

    /// <summary>Seconds that fetching a data set may take.</summary>
    [AtLeast(1)]
    public int FetchSeconds { get; init; } = 3600;
}
