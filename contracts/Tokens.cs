using System.Text.Json.Serialization;

namespace Larder.Contracts;

/// <summary>A token, without its secret.</summary>
public sealed record TokenDetails
{
    /// <summary>Its id.</summary>
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    /// <summary>The caller's name.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>The caller's role.</summary>
    [JsonPropertyName("role")]
    public required string Role { get; init; }

    /// <summary>The models that it is limited to; null for all.</summary>
    [JsonPropertyName("scope")]
    public ScopeDetails? Scope { get; init; }

    /// <summary>The run of a job that its script may log to with it, and nothing else; left out of all other tokens.</summary>
    [JsonPropertyName("run"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Run { get; init; }

    /// <summary>When it was created.</summary>
    [JsonPropertyName("created")]
    public required DateTimeOffset Created { get; init; }

    /// <summary>The caller that created it.</summary>
    [JsonPropertyName("created_by")]
    public required string CreatedBy { get; init; }

    /// <summary>When it ends; null for never.</summary>
    [JsonPropertyName("expires")]
    public DateTimeOffset? Expires { get; init; }

    /// <summary>Whether it has ended.</summary>
    [JsonPropertyName("is_expired")]
    public required bool IsExpired { get; init; }

    /// <summary>When it was used last, to a few minutes.</summary>
    [JsonPropertyName("last_used")]
    public DateTimeOffset? LastUsed { get; init; }
}

/// <summary>The models that a caller is limited to: those with one of the prefixes or one of the tags.</summary>
public sealed record ScopeDetails
{
    /// <summary>Beginnings of names.</summary>
    [JsonPropertyName("prefixes")]
    public required IReadOnlyList<string> Prefixes { get; init; }

    /// <summary>Tags and their values.</summary>
    [JsonPropertyName("tags")]
    public required IReadOnlyDictionary<string, string> Tags { get; init; }
}

/// <summary><c>POST /api/v1/admin/tokens</c>: the one answer that has the secret.</summary>
public sealed record NewTokenAnswer : Answer
{
    /// <summary>The secret; null when an earlier request with the same idempotency key was answered with it.</summary>
    [JsonPropertyName("token")]
    public string? Token { get; init; }

    /// <summary>What the token may do, and until when.</summary>
    [JsonPropertyName("info")]
    public required TokenDetails Info { get; init; }
}

/// <summary><c>GET /api/v1/admin/tokens</c>.</summary>
public sealed record TokenListAnswer : Answer
{
    /// <summary>A page of tokens.</summary>
    [JsonPropertyName("tokens")]
    public required IReadOnlyList<TokenDetails> Tokens { get; init; }

    /// <summary><c>?cursor=</c> of the next page; null at the last one.</summary>
    [JsonPropertyName("next_cursor")]
    public string? NextCursor { get; init; }
}

/// <summary><c>POST /api/v1/admin/tokens</c>.</summary>
public sealed record NewTokenRequest
{
    /// <summary>The caller's name.</summary>
    [JsonPropertyName("name"), JsonRequired]
    public string Name { get; init; } = "";

    /// <summary>The caller's role.</summary>
    [JsonPropertyName("role"), JsonRequired]
    public string Role { get; init; } = "";

    /// <summary>The models that it is limited to; left out for all.</summary>
    [JsonPropertyName("scope")]
    public ScopeRequest? Scope { get; init; }

    /// <summary>When it ends; left out for never.</summary>
    [JsonPropertyName("expires")]
    public DateTimeOffset? Expires { get; init; }
}

/// <summary>The models that a new token is limited to.</summary>
public sealed record ScopeRequest
{
    /// <summary>Beginnings of names.</summary>
    [JsonPropertyName("prefixes")]
    public IReadOnlyList<string>? Prefixes { get; init; }

    /// <summary>Tags and their values.</summary>
    [JsonPropertyName("tags")]
    public Dictionary<string, string>? Tags { get; init; }
}
