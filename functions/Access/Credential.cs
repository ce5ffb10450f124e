using Larder.Registry.Access;
using Larder.Registry.Tokens;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Larder.Functions.Access;

/// <summary>The token or key that came with a request.</summary>
/// <param name="Hash">Its hash.</param>
/// <param name="CanBeToken">Whether it has the form of a token.</param>
internal readonly record struct Credential(KeyHash Hash, bool CanBeToken)
{
    /// <summary>The schemes of <c>Authorization</c> that are taken, for <c>WWW-Authenticate</c> (RFC 9110, section 11.6.1).</summary>
    public static readonly StringValues Challenges = new(["Bearer realm=\"Larder\"", "Basic realm=\"Larder\", charset=\"UTF-8\""]);

    /// <summary>How to send credentials, for a sentence.</summary>
    public const string Ways = "Authorization: Bearer TOKEN, Basic with the token as password, the header x-functions-key, or ?code=";

    /// <summary>The header that may have a token or key.</summary>
    public const string KeyHeader = "x-functions-key";

    /// <summary>The query parameter that may have a token or key.</summary>
    public const string KeyQuery = "code";

    private const string Bearer = "Bearer ";
    private const string Basic = "Basic ";

    /// <summary>Longest Basic credentials, in bytes, that are decoded; header lines are limited anyway.</summary>
    private const int MaxBasic = 1024;

    /// <summary>
    /// Reads it: <c>Authorization</c>, else <c>x-functions-key</c>, else <c>?code=</c>. The first of these that is there counts, whatever it holds: one that is
    /// wrong is not made good by another.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="problem">Why what came cannot be read, in a sentence; else null.</param>
    /// <returns>It; null when none came, or it cannot be read.</returns>
    public static Credential? Of(HttpRequest request, out string? problem)
    {
        problem = null;
        var authorization = request.Headers.Authorization;
        if (authorization.Count > 0)
            return OfAuthorization(authorization, out problem);
        if (request.Headers.TryGetValue(KeyHeader, out var header))
            return OfText(header.ToString());
        return request.QueryString.HasValue && request.Query.TryGetValue(KeyQuery, out var query) ? OfText(query.ToString()) : null;
    }

    private static Credential? OfAuthorization(StringValues values, out string? problem)
    {
        problem = null;
        if (values is not [{ } value])
            problem = "The header Authorization is given more than once.";
        else if (value.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
            return OfText(value.AsSpan(Bearer.Length).Trim());
        else if (value.StartsWith(Basic, StringComparison.OrdinalIgnoreCase))
            return OfBasic(value.AsSpan(Basic.Length).Trim(), out problem);
        else
            problem = "The scheme of the header Authorization is neither Bearer nor Basic.";
        return null;
    }

    // RFC 7617: base64 of user, colon, password. The user's name is of no meaning.
    private static Credential? OfBasic(ReadOnlySpan<char> text, out string? problem)
    {
        problem = null;
        Span<byte> bytes = stackalloc byte[MaxBasic];
        if (text.Length <= MaxBasic && Convert.TryFromBase64Chars(text, bytes, out var length) && bytes[..length].IndexOf((byte)':') is >= 0 and var colon)
        {
            ReadOnlySpan<byte> password = bytes[(colon + 1)..length];
            return new Credential(KeyHash.Of(password), CallerToken.IsToken(password));
        }
        problem = "The Basic credentials are not the base64 of USER:TOKEN.";
        return null;
    }

    // What is empty is no key, but it is there.
    private static Credential OfText(ReadOnlySpan<char> text) => new(KeyHash.Of(text), CallerToken.IsToken(text));
}
