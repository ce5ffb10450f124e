using System.Text.Json.Serialization;

namespace Larder.Contracts;

/// <summary><c>GET /api/v1/lineage/{kind}/{id}</c>: where something comes from, and what came of it.</summary>
public sealed record LineageAnswer : Answer
{
    /// <summary>The key of the node that was asked for.</summary>
    [JsonPropertyName("root")]
    public required string Root { get; init; }

    /// <summary>That node and all others, the nearest first.</summary>
    [JsonPropertyName("nodes")]
    public required IReadOnlyList<LineageNodeDetails> Nodes { get; init; }

    /// <summary>What leads from which to which.</summary>
    [JsonPropertyName("edges")]
    public required IReadOnlyList<LineageEdgeDetails> Edges { get; init; }

    /// <summary>Whether a limit has left something out, or may have.</summary>
    [JsonPropertyName("truncated")]
    public required bool Truncated { get; init; }
}

/// <summary>A node of a lineage graph.</summary>
public sealed record LineageNodeDetails
{
    /// <summary>What edges name it by: <c>{kind}/{id}</c>.</summary>
    [JsonPropertyName("key")]
    public required string Key { get; init; }

    /// <summary>Its kind: <c>dataset</c>, <c>file</c>, <c>job</c>, <c>run</c>, <c>run-dataset</c>, <c>logged-model</c>, <c>model</c>, <c>version</c>, <c>alias</c>.</summary>
    [JsonPropertyName("kind")]
    public required string Kind { get; init; }

    /// <summary>Its id within the kind.</summary>
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    /// <summary>What people call it.</summary>
    [JsonPropertyName("title")]
    public required string Title { get; init; }

    /// <summary>When it came to be; null where that is not known.</summary>
    [JsonPropertyName("time")]
    public DateTimeOffset? Time { get; init; }

    /// <summary>Its state; null where it has none. A node that does not exist any more, but that a record names, is <c>gone</c>.</summary>
    [JsonPropertyName("state")]
    public string? State { get; init; }

    /// <summary>Its path in the API; null where it has none.</summary>
    [JsonPropertyName("link")]
    public string? Link { get; init; }

    /// <summary>The path of its page; null where it has none.</summary>
    [JsonPropertyName("page")]
    public string? Page { get; init; }
}

/// <summary>An edge of a lineage graph.</summary>
public sealed record LineageEdgeDetails
{
    /// <summary>The key of the source.</summary>
    [JsonPropertyName("from")]
    public required string From { get; init; }

    /// <summary>The key of the result.</summary>
    [JsonPropertyName("to")]
    public required string To { get; init; }

    /// <summary>What they are to each other: <c>input</c>, <c>made</c>, <c>logged</c>, <c>registered</c>, <c>optimized</c>, <c>alias</c>, <c>scored</c>, <c>has</c>.</summary>
    [JsonPropertyName("relation")]
    public required string Relation { get; init; }
}
