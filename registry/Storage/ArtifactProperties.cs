namespace Larder.Registry.Storage;

/// <summary>What is known about a stored artifact without reading it.</summary>
/// <param name="Sha256">SHA-256 of its bytes, 64 lower-case hexadecimal digits.</param>
/// <param name="SizeBytes">Its size in bytes.</param>
/// <param name="LastModified">When it was stored or last touched, by the clock of the store.</param>
/// <param name="ETag">Opaque; another one after it was touched.</param>
public sealed record ArtifactProperties(string Sha256, long SizeBytes, DateTimeOffset LastModified, string ETag);
