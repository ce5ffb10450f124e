namespace Larder.Registry;

/// <summary>Limits and places of publishing.</summary>
public sealed record PublishingOptions
{
    /// <summary>Where uploads wait while they are checked. Local disk; nothing else may live there.</summary>
    public string StagingFolder { get; init; } = Path.Combine(Path.GetTempPath(), "larder", "staging");

    /// <summary>The largest model, in bytes (setting <c>Limits:ModelBytes</c>).</summary>
    public long ModelBytes { get; init; } = 2L * 1024 * 1024 * 1024;

    /// <summary>Bytes of the staging disk that an upload must leave free.</summary>
    public long DiskReserveBytes { get; init; } = 256L * 1024 * 1024;

    /// <summary>Refuses values that make no sense.</summary>
    /// <exception cref="ArgumentException">One of them does.</exception>
    public void Validate()
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(StagingFolder);
        ArgumentOutOfRangeException.ThrowIfLessThan(ModelBytes, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(DiskReserveBytes);
    }
}
