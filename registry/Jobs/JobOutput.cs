using System.Text.Json.Serialization;

namespace Larder.Registry.Jobs;

/// <summary>A file that a job left.</summary>
/// <param name="Path">Relative, with forward slashes.</param>
/// <param name="SizeBytes">Its size in bytes.</param>
/// <param name="Sha256">SHA-256 of its bytes, as whoever stored it reported; null where nobody has read it whole.</param>
/// <param name="ETag">Of the stored file when the job ended; a file that has another by now is not what the job left.</param>
public sealed record JobOutput(string Path, long SizeBytes, string? Sha256, [property: JsonPropertyName("etag")] string ETag);
