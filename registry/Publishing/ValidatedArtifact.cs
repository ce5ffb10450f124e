using Larder.Inference.Signatures;

namespace Larder.Registry.Publishing;

/// <summary>A model that is validated and stored, and no version yet.</summary>
/// <param name="Sha256">SHA-256 of its bytes, 64 lower-case hexadecimal digits.</param>
/// <param name="SizeBytes">Its size in bytes.</param>
/// <param name="Description">What validation learned about it.</param>
public sealed record ValidatedArtifact(string Sha256, long SizeBytes, ModelDescription Description);
