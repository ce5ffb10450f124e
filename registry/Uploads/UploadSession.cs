using System.Text.Json.Serialization;
using Larder.Inference.Limits;
using Larder.Registry.Models;

namespace Larder.Registry.Uploads;

/// <summary>An upload that goes straight to storage: a blob of its own, which a URL lets its client write for a while.</summary>
public sealed record UploadSession
{
    /// <summary>As a job's id.</summary>
    public required string Id { get; init; }

    /// <summary>The model that is uploaded, or that the data set is for.</summary>
    public required ModelName Model { get; init; }

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

/// <summary>What is uploaded in blocks.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<UploadKind>))]
public enum UploadKind
{
    /// <summary>An ONNX model, which becomes a version.</summary>
    [JsonStringEnumMemberName("model")] Model,

    /// <summary>A file of any kind, which jobs can name.</summary>
    [JsonStringEnumMemberName("dataset")] Dataset,
}

/// <summary>How long upload sessions live, and in which pieces they come (settings <c>Uploads:*</c>).</summary>
public sealed record UploadSessionOptions
{
    /// <summary>How long a session's URL works. One that is signed by user delegation ends after a week in any case.</summary>
    [Between("00:01:00", "6.00:00:00")]
    public TimeSpan Ttl { get; init; } = TimeSpan.FromHours(6);

    /// <summary>How long after that a session, and what was uploaded, are kept.</summary>
    [AtLeast("00:00:00")]
    public TimeSpan Retention { get; init; } = TimeSpan.FromHours(18);

    /// <summary>Bytes of a block, as clients are told; storage takes up to 50,000 blocks of up to 4,000 MiB.</summary>
    [AtLeast(64 << 10)]
    public int BlockBytes { get; init; } = 8 << 20;
}
