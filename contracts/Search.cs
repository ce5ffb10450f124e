using System.Text.Json.Serialization;

namespace Larder.Contracts;

/// <summary><c>GET /api/v1/search</c>: models, versions, data sets, runs and jobs.</summary>
public sealed record SearchAnswer : Answer
{
    /// <summary>A page of what fits, the best first unless another order was asked for.</summary>
    [JsonPropertyName("hits")]
    public required IReadOnlyList<SearchHit> Hits { get; init; }

    /// <summary>What all that fits has in common, with counts; a facet without values is left out.</summary>
    [JsonPropertyName("facets")]
    public required IReadOnlyDictionary<string, IReadOnlyList<FacetValue>> Facets { get; init; }

    /// <summary>How many fit, on all pages.</summary>
    [JsonPropertyName("total")]
    public required int Total { get; init; }

    /// <summary><c>?cursor=</c> of the next page; null at the last one.</summary>
    [JsonPropertyName("next_cursor")]
    public string? NextCursor { get; init; }
}

/// <summary>Something that was found.</summary>
public sealed record SearchHit
{
    /// <summary><c>model</c>, <c>version</c>, <c>dataset</c>, <c>run</c> or <c>job</c>.</summary>
    [JsonPropertyName("kind")]
    public required string Kind { get; init; }

    /// <summary>Its id within the kind, such as <c>iris:3</c>.</summary>
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    /// <summary>What people call it.</summary>
    [JsonPropertyName("title")]
    public required string Title { get; init; }

    /// <summary>A text about it; empty for none.</summary>
    [JsonPropertyName("description")]
    public required string Description { get; init; }

    /// <summary>The model that it is about; null for a run.</summary>
    [JsonPropertyName("model")]
    public string? Model { get; init; }

    /// <summary>The caller that it belongs to, or that made it, where that is known.</summary>
    [JsonPropertyName("owner")]
    public string? Owner { get; init; }

    /// <summary>The name of the experiment of a run.</summary>
    [JsonPropertyName("experiment")]
    public string? Experiment { get; init; }

    /// <summary>Its state; null where it has none.</summary>
    [JsonPropertyName("state")]
    public string? State { get; init; }

    /// <summary>Its tags.</summary>
    [JsonPropertyName("tags")]
    public required IReadOnlyDictionary<string, string> Tags { get; init; }

    /// <summary>Its metrics.</summary>
    [JsonPropertyName("metrics")]
    public required IReadOnlyDictionary<string, double> Metrics { get; init; }

    /// <summary>The mean of the stars that callers gave the model, 1 to 5; null without ratings.</summary>
    [JsonPropertyName("rating")]
    public double? Rating { get; init; }

    /// <summary>When it was last changed.</summary>
    [JsonPropertyName("updated")]
    public required DateTimeOffset Updated { get; init; }

    /// <summary>Its path in the API.</summary>
    [JsonPropertyName("link")]
    public required string Link { get; init; }

    /// <summary>The path of its page.</summary>
    [JsonPropertyName("page")]
    public required string Page { get; init; }

    /// <summary>What it is ranked by.</summary>
    [JsonPropertyName("score")]
    public required HitScore Score { get; init; }
}

/// <summary>The score of a hit, and its parts, each 0 to 1, before their weights.</summary>
public sealed record HitScore
{
    /// <summary>The sum of the parts by their weights (<c>Search:Weights</c>).</summary>
    [JsonPropertyName("total")]
    public required double Total { get; init; }

    /// <summary>How well its texts fit, compared with the best hit.</summary>
    [JsonPropertyName("text")]
    public required double Text { get; init; }

    /// <summary>1 for what was changed now, half of it for each thirty days.</summary>
    [JsonPropertyName("recency")]
    public required double Recency { get; init; }

    /// <summary>0 for what no job has used, 0.5 after five jobs.</summary>
    [JsonPropertyName("use")]
    public required double Use { get; init; }

    /// <summary>What callers think of the model: 0 for one star, 1 for five, 0.5 without ratings; few ratings count less.</summary>
    [JsonPropertyName("rating")]
    public required double Rating { get; init; }

    /// <summary>Where its metric is between the worst and the best hit; 0 without a metric in the search.</summary>
    [JsonPropertyName("metric")]
    public required double Metric { get; init; }
}

/// <summary>A value of a facet.</summary>
public sealed record FacetValue
{
    /// <summary>The value.</summary>
    [JsonPropertyName("value")]
    public required string Value { get; init; }

    /// <summary>How many hits have it, on all pages.</summary>
    [JsonPropertyName("count")]
    public required int Count { get; init; }
}
