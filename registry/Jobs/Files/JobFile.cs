namespace Larder.Registry.Jobs.Files;

/// <summary>What is known about a job's file without reading it.</summary>
/// <param name="Path">Relative, with forward slashes.</param>
/// <param name="SizeBytes">Its size in bytes.</param>
/// <param name="ETag">Opaque; another one after every write.</param>
/// <param name="LastModified">When it was written, by the clock of the store.</param>
public sealed record JobFile(string Path, long SizeBytes, string ETag, DateTimeOffset LastModified);
