using System.Collections.Frozen;
using Microsoft.AspNetCore.Http;

namespace Larder.Functions;

/// <summary>
/// Tells who a request comes from. A signed-in principal counts before a key, which the host asks for beside it and many may share. Until roles are given
/// to anybody, whoever the host lets through may do everything, as Azure means its function keys; from then on, who has none may do nothing.
/// </summary>
internal sealed class Callers(AccessOptions options, CallerKeys keys, Platform platform)
{
    private readonly bool _givesRoles = options.GivesRoles;

    private readonly FrozenDictionary<string, Role> _appRoles =
        options.GivenAppRoles.ToFrozenDictionary(role => role.Key, role => RoleNames.Find(role.Value)!.Value, StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether the platform's word for who calls is taken. Elsewhere its header is the caller's own, and ignored.</summary>
    public bool BelievesPrincipals { get; } = options.ClientPrincipal && platform is { IsAzure: true, IsAuthenticating: true };

    /// <summary>Whether nobody asks for keys: then this machine's own users are all that can call.</summary>
    public bool IsOpen { get; } = !keys.AreConfigured && !platform.IsAzure;

    /// <summary>Who it is.</summary>
    /// <param name="request">The request.</param>
    /// <param name="isKeyChecked">Whether the host checks keys before the function that it is for.</param>
    /// <exception cref="RefusedException">The platform's header is unreadable (401).</exception>
    public Caller Of(HttpRequest request, bool isKeyChecked)
    {
        if (BelievesPrincipals && request.Headers.TryGetValue(ClientPrincipal.Header, out var principal))
            return ClientPrincipal.Read(principal.ToString()).ToCaller(_appRoles);
        var key = CallerKeys.HashOf(request);
        if (key is { } hash && keys.Find(hash) is { } known)
            return known;
        if (_givesRoles)
            return Caller.Anonymous;
        if (IsOpen)
            return Caller.Local;
        // A key that nobody checked may be anything: names of callers must not come from there.
        if (!isKeyChecked)
            return Caller.Anonymous;
        return new Caller(key is { } unnamed ? $"key-{(uint)(unnamed.High >> 96):x8}" : "unnamed", Role.Admin);
    }
}
