namespace Larder.Registry.Backup;

/// <summary>How much an archive has, or has so far.</summary>
public sealed record BackupContents
{
    /// <summary>Models that exist.</summary>
    public int Models { get; init; }

    /// <summary>Names of deleted models: what is kept of them is which numbers they have given.</summary>
    public int DeletedModels { get; init; }

    /// <summary>Versions that exist.</summary>
    public int Versions { get; init; }

    /// <summary>Numbers whose versions were deleted.</summary>
    public int DeletedVersions { get; init; }

    /// <summary>Schedules.</summary>
    public int Schedules { get; init; }

    /// <summary>Artifacts.</summary>
    public int Artifacts { get; init; }

    /// <summary>Bytes of all artifacts.</summary>
    public long ArtifactBytes { get; init; }
}
