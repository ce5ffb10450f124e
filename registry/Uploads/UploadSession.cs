using System.Text.Json.Serialization;

namespace Larder.Registry.Uploads;

/// <summary>An upload that goes straight to storage: a blob of its own, which a URL lets its client write for a while.</summary>
public sealed record UploadSession
{
    /// <summary>As a job's id.</summary>
    public required string Id { get; init; }

    /// <summary>The model that is uploaded, or that the data set is for.</summary>
    public required string Model { get; init; }

    /// <summary>What is uploaded.</summary>
    public UploadKind Kind { get; init; }

    /// <summary>What the client calls the file, without folders.</summary>
    public string? FileName { get; init; }

    /// <summary>How many bytes it will have, when the client has said so.</summary>
    public long? SizeBytes { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>When its URL ends.</summary>
    public required DateTimeOffset Expires { get; init; }

    /// <summary>The job that takes what was uploaded; the newest, when an earlier one failed. Null until the upload is completed.</summary>
    public string? Job { get; init; }

    /// <summary>Opaque; another one after every change.</summary>
    [JsonIgnore]
    public string ETag { get; init; } = "";
}
