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
