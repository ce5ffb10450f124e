using System.Text.Json;
using System.Text.Json.Serialization;

namespace Larder.Contracts;

/// <summary><c>GET /api/v1/models/{reference}/card</c>: what a reader wants to know of a version before using it.</summary>
public sealed record CardAnswer : Answer
{
    /// <summary>The model's name and the version's number, such as <c>iris:3</c>.</summary>
    [JsonPropertyName("reference")]
    public required string Reference { get; init; }

    /// <summary>The model's description, in Markdown.</summary>
    [JsonPropertyName("description")]
    public required string Description { get; init; }

    /// <summary>The caller that the model belongs to.</summary>
    [JsonPropertyName("owner")]
    public string? Owner { get; init; }

    /// <summary>Tags of the model.</summary>
    [JsonPropertyName("tags")]
    public required IReadOnlyDictionary<string, string> Tags { get; init; }

    /// <summary>The aliases that point at the version, <c>default</c> among them if unversioned requests get it.</summary>
    [JsonPropertyName("aliases")]
    public required IReadOnlyList<string> Aliases { get; init; }

    /// <summary>The version: signature, features, labels, metrics, hashes, where it comes from.</summary>
    [JsonPropertyName("version")]
    public required VersionDetails Version { get; init; }

    /// <summary>The caller that published the version; null where the model's latest changes do not have it any more.</summary>
    [JsonPropertyName("published_by")]
    public string? PublishedBy { get; init; }

    /// <summary>The files that the job which made the version was given: script, data set, requirements; empty for other versions, and when the job is deleted.</summary>
    [JsonPropertyName("job_inputs")]
    public required IReadOnlyList<JobInputDetails> JobInputs { get; init; }

    /// <summary>A prediction that the version takes; null where it takes none, or the values would be too many to read.</summary>
    [JsonPropertyName("example")]
    public CardExample? Example { get; init; }

    /// <summary>How the model's versions run.</summary>
    [JsonPropertyName("settings")]
    public required ModelSettings Settings { get; init; }

    /// <summary>What a prediction may need on the server that answers.</summary>
    [JsonPropertyName("limits")]
    public required CardLimits Limits { get; init; }
}

/// <summary>A request that works.</summary>
public sealed record CardExample
{
    /// <summary>The HTTP method.</summary>
    [JsonPropertyName("method")]
    public required string Method { get; init; }

    /// <summary>The path.</summary>
    [JsonPropertyName("path")]
    public required string Path { get; init; }

    /// <summary>The body: the version's first sample, or zeros.</summary>
    [JsonPropertyName("body")]
    public required JsonElement Body { get; init; }
}

/// <summary>What a prediction may need.</summary>
public sealed record CardLimits
{
    /// <summary>Most bytes of a request's body.</summary>
    [JsonPropertyName("body_bytes")]
    public required long BodyBytes { get; init; }

    /// <summary>Most bytes of an input tensor.</summary>
    [JsonPropertyName("tensor_bytes")]
    public required long TensorBytes { get; init; }

    /// <summary>Most bytes of the outputs.</summary>
    [JsonPropertyName("output_bytes")]
    public required long OutputBytes { get; init; }

    /// <summary>Seconds after which a run is ended.</summary>
    [JsonPropertyName("run_seconds")]
    public required double RunSeconds { get; init; }
}
