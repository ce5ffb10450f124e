namespace Larder.Registry.Jobs;

/// <summary>A file that a job was given, stored as an artifact.</summary>
/// <param name="Name">What it is for: <c>script</c>, <c>requirements</c>, <c>dataset</c>.</param>
/// <param name="FileName">What the client called it, without folders; never used as a path as it is.</param>
/// <param name="Sha256">SHA-256 of its bytes.</param>
/// <param name="SizeBytes">Its size in bytes.</param>
public sealed record JobInput(string Name, string FileName, string Sha256, long SizeBytes);
