using System.Text.Json.Serialization;

namespace Larder.Contracts;

/// <summary><c>PUT /api/v1/models/{model}/rating</c>: the caller's opinion of a model.</summary>
public sealed record RatingRequest
{
    /// <summary>1 to 5.</summary>
    [JsonPropertyName("stars")]
    public required int Stars { get; init; }
}

/// <summary>What callers think of a model.</summary>
public sealed record RatingAnswer : Answer
{
    /// <summary>The ratings together.</summary>
    [JsonPropertyName("rating")]
    public required RatingDetails Rating { get; init; }
}

/// <summary>The ratings of a model.</summary>
public sealed record RatingDetails
{
    /// <summary>How many callers have rated it.</summary>
    [JsonPropertyName("count")]
    public required int Count { get; init; }

    /// <summary>The mean of their stars, 1 to 5; null without ratings.</summary>
    [JsonPropertyName("mean")]
    public double? Mean { get; init; }

    /// <summary>The stars of the caller that asks; null where it has not rated the model.</summary>
    [JsonPropertyName("own")]
    public int? Own { get; init; }
}
