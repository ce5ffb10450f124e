namespace Larder.Tracking.Artifacts;

/// <summary>A file of a run or logged model, or a folder of such files.</summary>
public sealed record RunArtifact
{
    /// <summary>Its path in its owner.</summary>
    public required ArtifactPath Path { get; init; }

    /// <summary>SHA-256 of a file's bytes, which names them in the artifact store; null for a folder.</summary>
    public string? Sha256 { get; init; }

    /// <summary>A file's size in bytes.</summary>
    public long SizeBytes { get; init; }

    /// <summary>When a file was logged, or a folder came to be.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Whether it is a folder.</summary>
    public bool IsFolder => Sha256 is null;
}

/// <summary>The same as it is stored, under its own name in the partition of its folder.</summary>
/// <param name="Sha256">Null for a folder.</param>
/// <param name="SizeBytes">A file's size.</param>
/// <param name="Time">When.</param>
internal sealed record ArtifactDocument(string? Sha256, long SizeBytes, DateTimeOffset Time)
{
    public RunArtifact At(ArtifactPath path) => new() { Path = path, Sha256 = Sha256, SizeBytes = SizeBytes, Time = Time };
}
