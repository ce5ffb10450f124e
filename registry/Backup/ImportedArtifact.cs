namespace Larder.Registry.Backup;

/// <summary>An artifact that imported versions name.</summary>
/// <param name="Sha256">SHA-256 of its bytes.</param>
/// <param name="SizeBytes">How many they are, as a version says.</param>
/// <param name="IsModel">Whether a version serves it: it is validated as an upload is.</param>
/// <param name="Of">A version that names it, for messages.</param>
public sealed record ImportedArtifact(string Sha256, long SizeBytes, bool IsModel, string Of);
