using Larder.Contracts;
using Larder.Functions.Http;
using Larder.Registry.Access;
using Larder.Registry.Tokens;

namespace Larder.Functions.Tokens;

/// <summary>Maps tokens to what answers show: never the secret or its hash.</summary>
internal static class TokenAnswers
{
    /// <summary>A token at a time.</summary>
    public static TokenDetails Of(CallerToken token, DateTimeOffset now) => new()
    {
        Id = token.Id,
        Name = token.Name,
        Role = WireNames.Of(token.Role),
        Scope = Of(token.Scope),
        Run = token.Run,
        Created = token.Created,
        CreatedBy = token.CreatedBy,
        Expires = token.Expires,
        IsExpired = token.Expires <= now,
        LastUsed = token.LastUsed,
    };

    /// <summary>A scope; null for all models.</summary>
    public static ScopeDetails? Of(ModelScope? scope) => scope is null ? null : new ScopeDetails { Prefixes = scope.Prefixes, Tags = scope.Tags };
}
