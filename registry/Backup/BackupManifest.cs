namespace Larder.Registry.Backup;

/// <summary>What an archive says of itself (<see cref="BackupFormat.Manifest"/>). It has no time and no place, so that the same registry gives the same bytes.</summary>
internal sealed record BackupManifest
{
    public required string Format { get; init; }

    public required int FormatVersion { get; init; }

    /// <summary>SHA-256 of <see cref="BackupFormat.Sums"/>.</summary>
    public required string Sha256sums { get; init; }

    public required BackupContents Contents { get; init; }

    /// <summary>Names that were asked for, with wildcards; none for everything.</summary>
    public IReadOnlyList<string> Models { get; init; } = [];

    public required bool IncludesArtifacts { get; init; }

    /// <summary>What is not in it, in words.</summary>
    public IReadOnlyList<string> LeftOut { get; init; } = [];
}

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
