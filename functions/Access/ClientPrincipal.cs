using System.Text.Json;
using System.Text.Json.Serialization;
using Larder.Registry.Access;

namespace Larder.Functions.Access;

/// <summary>
/// Who App Service Authentication says that a caller is: the header <c>X-MS-CLIENT-PRINCIPAL</c>, JSON in base64
/// (https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities). It is not signed: <see cref="CallerResolver"/>
/// decides whether to trust it.
/// </summary>
internal sealed record ClientPrincipal
{
    /// <summary>Name of the header.</summary>
    public const string Header = "X-MS-CLIENT-PRINCIPAL";

    /// <summary>Longest part of a caller's name that is taken from a claim.</summary>
    private const int MaxName = 100;

    private const string LongRole = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role";

    // Entra ID's object id first: it is the same for all applications, is never reused, and users cannot change their own.
    private static readonly string[] Ids =
    [
        "http://schemas.microsoft.com/identity/claims/objectidentifier", "oid", "azp", "appid",
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier", "sub",
    ];

    private static readonly string[] Names = ["preferred_username", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn", "name"];

    /// <summary>What is claimed.</summary>
    [JsonPropertyName("claims"), JsonRequired]
    public IReadOnlyList<Claim> Claims { get; init; } = [];

    /// <summary>Type of the claim that has the name.</summary>
    [JsonPropertyName("name_typ")]
    public string? NameType { get; init; }

    /// <summary>Type of the claims that have roles; Entra ID's are of type <c>roles</c> all the same.</summary>
    [JsonPropertyName("role_typ")]
    public string? RoleType { get; init; }

    /// <summary>The platform's address that signs a browser in and then sends it to a path of this server.</summary>
    public static string SignIn(string target) => $"/.auth/login/aad?post_login_redirect_uri={Uri.EscapeDataString(target)}";

    /// <summary>The platform's address that ends its session and then sends the browser to a path of this server.</summary>
    public static string SignOut(string target) => $"/.auth/logout?post_logout_redirect_uri={Uri.EscapeDataString(target)}";

    /// <summary>Reads the header.</summary>
    /// <exception cref="FormatException">It is not what the platform writes: why, in a sentence.</exception>
    public static ClientPrincipal Read(string header)
    {
        try
        {
            var principal = JsonSerializer.Deserialize<ClientPrincipal>(Convert.FromBase64String(header));
            return principal is { Claims: not null } && !principal.Claims.Contains(null!) ? principal : throw Unreadable();
        }
        catch (Exception exception) when (exception is FormatException or JsonException)
        {
            throw Unreadable();
        }
    }

    /// <summary>Who that is.</summary>
    /// <param name="appRoles">Roles by app role.</param>
    /// <exception cref="FormatException">Nothing tells this caller from others.</exception>
    public Caller ToCaller(IReadOnlyDictionary<string, Role> appRoles)
    {
        var id = First(Ids) ?? throw Unreadable();
        var name = (NameType is { } type ? First([type]) : null) ?? First(Names);
        var role = Claims.Where(claim => claim.Type == RoleType || claim.Type is "roles" or LongRole)
            .Select(claim => appRoles.TryGetValue(claim.Value ?? "", out var mapped) ? mapped : RoleNames.Find(claim.Value) ?? Role.None)
            .DefaultIfEmpty(Role.None)
            .Max();
        // The name is for people, who may choose it; the id tells them apart.
        return new Caller(name is null || name == id ? id : $"{name}/{id}", role);
    }

    private string? First(string[] types)
    {
        foreach (var type in types)
            foreach (var claim in Claims)
                if (claim.Type == type && NameOf(claim.Value) is { Length: > 0 } value)
                    return value;
        return null;
    }

    // Names go into logs and audit records, and tell callers apart: a character that cannot stand there is replaced, not dropped.
    private static string? NameOf(string? value) =>
        value is null ? null : string.Concat(value.Take(MaxName).Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c)).Trim();

    private static FormatException Unreadable() => new("The header X-MS-CLIENT-PRINCIPAL does not identify the caller.");

    /// <summary>One claim.</summary>
    /// <param name="Type">What it is about.</param>
    /// <param name="Value">What it says.</param>
    public sealed record Claim([property: JsonPropertyName("typ")] string? Type, [property: JsonPropertyName("val")] string? Value);
}
