using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace Larder.Contracts;

/// <summary>What every answer of the model API begins with. An error has nothing else.</summary>
public record Answer
{
    /// <summary>What happened, in MLBuffet's shape.</summary>
    // Null until the answer is written.
    [NotNull, JsonPropertyName("http_status"), JsonPropertyOrder(-1)]
    public HttpStatus? HttpStatus { get; init; }
}

/// <summary>The HTTP status of an answer, repeated in its body.</summary>
public sealed record HttpStatus
{
    /// <summary>The HTTP status code, such as 200.</summary>
    [JsonPropertyName("code")]
    public required int Code { get; init; }

    /// <summary>The reason phrase of the code, such as <c>OK</c>.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>A sentence: what was done, or what was wrong and what would be right.</summary>
    [JsonPropertyName("description")]
    public required string Description { get; init; }
}
