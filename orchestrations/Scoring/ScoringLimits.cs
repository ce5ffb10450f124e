namespace Larder.Orchestrations;

/// <summary>What the scoring of a data set may take (settings <c>Limits:Scoring:*</c>).</summary>
public sealed record ScoringLimits
{
    /// <summary>The largest data set, in bytes.</summary>
    public long DatasetBytes { get; init; } = 10L << 30;

    /// <summary>The longest row, in bytes.</summary>
    public long RowBytes { get; init; } = 4L << 20;

    /// <summary>The most columns, of a data set and of a result.</summary>
    public int Columns { get; init; } = 10_000;

    /// <summary>Bytes of a data set from which a chunk ends. A chunk is in memory whole while it is scored.</summary>
    public long ChunkBytes { get; init; } = 16L << 20;

    /// <summary>Chunks of a job that are scored at the same time.</summary>
    public int ParallelChunks { get; init; } = 2;

    /// <summary>Hosts from which data sets may be fetched by URL, separated by commas; <c>*.example.com</c> is every host below it. None by default.</summary>
    public string UrlHosts { get; init; } = "";

    /// <summary>Seconds that fetching a data set may take.</summary>
    public int FetchSeconds { get; init; } = 3600;

    /// <summary>Refuses values that make no sense.</summary>
    /// <exception cref="ArgumentException">One of them does.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(DatasetBytes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(RowBytes, 1024);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(RowBytes, 256L << 20);
        ArgumentOutOfRangeException.ThrowIfLessThan(Columns, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(ChunkBytes, 1024);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ChunkBytes, 256L << 20);
        ArgumentOutOfRangeException.ThrowIfLessThan(ParallelChunks, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ParallelChunks, 64);
        ArgumentOutOfRangeException.ThrowIfLessThan(FetchSeconds, 1);
    }
}
