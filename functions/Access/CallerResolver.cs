using System.Collections.Frozen;
using Larder.Inference;
using Larder.Registry.Access;
using Larder.Registry.Tokens;
using Microsoft.AspNetCore.Http;

namespace Larder.Functions.Access;

/// <summary>What is known of who sends a request.</summary>
/// <param name="Caller">Who; null when the request is to be refused.</param>
/// <param name="Kind">Then the kind of the refusal.</param>
/// <param name="Sentence">And why.</param>
/// <param name="RetryAfter">The seconds after which it may be sent again; 0 where waiting does not help.</param>
internal readonly record struct Identity(Caller? Caller, ErrorKind Kind = 0, string Sentence = "", int RetryAfter = 0);

/// <summary>
/// Authenticates: tells who a request comes from. A signed-in principal counts before a token or key. While no role is configured, every key of the settings is
/// admin, as Azure means its function keys. Once any role is configured, a key without a role is denied.
/// </summary>
internal sealed class CallerResolver(
    AccessOptions options, CallerKeys keys, TokenCatalog tokens, BrowserSessions sessions, WrongCredentials wrong, Platform platform, TimeProvider time)
{
    private readonly FrozenDictionary<string, Role> _appRoles =
        options.GivenAppRoles.ToFrozenDictionary(role => role.Key, role => RoleNames.Find(role.Value)!.Value, StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether the platform's word for who calls is taken. Elsewhere its header is the caller's own, and ignored.</summary>
    public bool BelievesPrincipals { get; } = options.ClientPrincipal && platform is { IsAzure: true, IsAuthenticating: true };

    /// <summary>Whether the platform says who sends a request.</summary>
    public bool IsOfPrincipal(HttpRequest request) => BelievesPrincipals && request.Headers.ContainsKey(ClientPrincipal.Header);

    /// <summary>Whether no credentials are asked for: then this machine's own users are all that can call.</summary>
    public bool IsOpen { get; } = !keys.AreConfigured && !platform.IsAzure;

    /// <summary>Whether no credentials are configured where everyone can call: then only probes are answered, and tokens that were made before.</summary>
    public bool IsShut { get; } = !keys.AreConfigured && platform.IsAzure;

    /// <summary>Who it is; at once where that is known from memory.</summary>
    /// <param name="request">The request.</param>
    /// <param name="function">The function that it is for.</param>
    public ValueTask<Identity> OfAsync(HttpRequest request, string function)
    {
        if (IsOfPrincipal(request))
            return new ValueTask<Identity>(OfPrincipal(request.Headers[ClientPrincipal.Header].ToString()));
        if (IsOpen)
            return request.Headers.Authorization.Count == 0 ? new ValueTask<Identity>(new Identity(Caller.Local)) : OfJobAsync(request);
        var credential = Credential.Of(request, out var problem);
        if (problem is not null)
            return new ValueTask<Identity>(Wrong(request, problem));
        if (credential is not { } given)
            return sessions.Of(request) is { } hash ? OfSessionAsync(request, function, hash) : new ValueTask<Identity>(new Identity(Caller.Anonymous));
        return OfCredentialAsync(request, function, given);
    }

    /// <summary>Whose credential it is; at once where that is known from memory.</summary>
    /// <param name="request">The request that it came with.</param>
    /// <param name="function">The function that the request is for.</param>
    /// <param name="given">The credential.</param>
    public ValueTask<Identity> OfCredentialAsync(HttpRequest request, string function, Credential given)
    {
        if (keys.Find(given.Hash) is { } key)
        {
            return new ValueTask<Identity>(key.Functions?.Contains(function) != false
                ? new Identity(key.Caller)
                : new Identity(null, ErrorKind.Forbidden, $"The key {key.Caller.Name} opens only the function of that name."));
        }
        if (!given.CanBeToken)
            return new ValueTask<Identity>(Wrong(request, Unknown));
        return tokens.TryFind(given.Hash) is { } token ? new ValueTask<Identity>(Of(token)) : new ValueTask<Identity>(ReadAsync(request, given.Hash));
    }

    // Only who once sent the token has such a session: it is no guess, and one that was revoked costs no limit.
    private async ValueTask<Identity> OfSessionAsync(HttpRequest request, string function, KeyHash hash)
    {
        if (keys.Find(hash) is not null)
            return await OfCredentialAsync(request, function, new Credential(hash, CanBeToken: false));
        return (tokens.TryFind(hash) ?? await tokens.ReadAsync(hash, request.HttpContext.RequestAborted)) is { } token
            ? Of(token)
            : new Identity(null, ErrorKind.Unauthenticated, "The token of this session was revoked: sign in with another one.");
    }

    // No credentials are asked for, but a job's script says by its token which run is its own.
    private async ValueTask<Identity> OfJobAsync(HttpRequest request) =>
        Credential.Of(request, out _) is { CanBeToken: true } given
        && (tokens.TryFind(given.Hash) ?? await tokens.ReadAsync(given.Hash, request.HttpContext.RequestAborted)) is { Run: not null } token
            ? Of(token)
            : new Identity(Caller.Local);

    private const string Unknown = "The token or key is not known to this server: it is wrong, or was revoked.";

    private async Task<Identity> ReadAsync(HttpRequest request, KeyHash hash)
    {
        // Taken before the store is read, so that concurrent guesses cannot exceed the limit. A valid token gives it back.
        var address = wrong.AddressOf(request);
        if (wrong.Take(address) is > 0 and var seconds)
            return TooMany(seconds);
        CallerToken? token;
        try
        {
            token = await tokens.ReadAsync(hash, request.HttpContext.RequestAborted);
        }
        catch
        {
            wrong.GiveBack(address);
            throw;
        }
        if (token is null)
        {
            wrong.Note(address);
            return new Identity(null, ErrorKind.Unauthenticated, Unknown);
        }
        wrong.GiveBack(address);
        return Of(token);
    }

    private Identity Of(CallerToken token) => token.Expires <= time.GetUtcNow()
        ? new Identity(null, ErrorKind.Unauthenticated, "The token has expired.")
        : new Identity(token.Caller);

    private Identity OfPrincipal(string header)
    {
        try
        {
            return new Identity(ClientPrincipal.Read(header).ToCaller(_appRoles));
        }
        catch (FormatException e)
        {
            return new Identity(null, ErrorKind.Unauthenticated, e.Message);
        }
    }

    private Identity Wrong(HttpRequest request, string sentence)
    {
        var address = wrong.AddressOf(request);
        if (wrong.Take(address) is > 0 and var seconds)
            return TooMany(seconds);
        wrong.Note(address);
        return new Identity(null, ErrorKind.Unauthenticated, sentence);
    }

    private static Identity TooMany(int seconds) => new(
        null, ErrorKind.TooMany, "Too many wrong tokens or keys came from this address: wait before the next one.", seconds);
}
