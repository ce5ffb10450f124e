namespace Larder.Registry.Ingestion;

/// <summary>A file that somebody put into a container.</summary>
/// <param name="Container">The container.</param>
/// <param name="Path">Its name there.</param>
/// <param name="SizeBytes">Its size in bytes.</param>
/// <param name="ETag">What it is at this moment.</param>
public sealed record BlobDataset(string Container, string Path, long SizeBytes, string ETag);
