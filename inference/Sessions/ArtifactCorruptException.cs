namespace Larder.Inference.Sessions;

/// <summary>The bytes that were fetched for an artifact are not the ones that its SHA-256 promises.</summary>
public sealed class ArtifactCorruptException(string message) : Exception(message);
