using System.ComponentModel.DataAnnotations;
using Larder.Registry.Access;

namespace Larder.Functions.Access;

/// <summary>Who is who, and who may do what (section <c>Access</c>).</summary>
public sealed record AccessOptions : IValidatableObject
{
    /// <summary>
    /// Takes callers and their app roles from the header that App Service Authentication adds. It counts in Azure only, and only while that
    /// authentication is on (setting <c>Access:ClientPrincipal</c>).
    /// </summary>
    public bool ClientPrincipal { get; init; }

    /// <summary>
    /// SHA-256 of a token that has the role admin, 64 hexadecimal digits: the first token, with which others are made (setting
    /// <c>Access:AdminTokenSha256</c>). Empty: none.
    /// </summary>
    public string AdminTokenSha256 { get; init; } = "";

    /// <summary>Roles of function keys, by the names that callers are to have (settings <c>Access:Keys:NAME:Role</c> and <c>:Sha256</c>).</summary>
    public Dictionary<string, KeyOptions> Keys { get; init; } = [];

    /// <summary>
    /// Roles of app roles that have other names (settings <c>Access:AppRoles:VALUE</c>). Those that are named as roles here need none.
    /// </summary>
    public Dictionary<string, string> AppRoles { get; init; } = [];

    /// <summary>Origins of pages that may change things, beside the server's own, separated by commas (setting <c>Access:AllowedOrigins</c>).</summary>
    public string AllowedOrigins { get; init; } = "";

    /// <summary>
    /// Names under which a server without keys may be called, beside those of loopback, separated by commas; <c>*</c> is any (setting
    /// <c>Access:AllowedHosts</c>).
    /// </summary>
    public string AllowedHosts { get; init; } = "";

    /// <summary>Whether any role is configured. While none is, every key of the settings is admin.</summary>
    internal bool GivesRoles => ClientPrincipal || GivenKeys.Any() || GivenAppRoles.Any();

    /// <summary>The keys that are mapped: a name with nothing under it is as good as none.</summary>
    internal IEnumerable<KeyValuePair<string, KeyOptions>> GivenKeys => Keys.Where(key => key.Value.Role.Length > 0 || key.Value.Sha256.Length > 0);

    /// <summary>The app roles that are mapped.</summary>
    internal IEnumerable<KeyValuePair<string, string>> GivenAppRoles => AppRoles.Where(role => role.Value.Length > 0);

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (AdminTokenSha256.Length > 0 && KeyHash.Parse(AdminTokenSha256) is null)
            yield return new ValidationResult("It must be the token's SHA-256, 64 hexadecimal digits.", [nameof(AdminTokenSha256)]);
        foreach (var (name, key) in GivenKeys)
        {
            if (RoleNames.Find(key.Role) is null)
                yield return WrongRole($"{nameof(Keys)}:{name}:{nameof(KeyOptions.Role)}", key.Role);
            if (key.Sha256.Length > 0 && KeyHash.Parse(key.Sha256) is null)
                yield return new ValidationResult("It must be the key's SHA-256, 64 hexadecimal digits.", [$"{nameof(Keys)}:{name}:{nameof(KeyOptions.Sha256)}"]);
        }

        foreach (var (value, role) in GivenAppRoles)
        {
            if (RoleNames.Find(role) is null)
                yield return WrongRole($"{nameof(AppRoles)}:{value}", role);
        }

        foreach (var origin in Separate(AllowedOrigins))
        {
            if (!Uri.TryCreate(origin, UriKind.Absolute, out var uri) || uri.GetLeftPart(UriPartial.Authority) != origin)
                yield return new ValidationResult($"An origin is as https://example.com, in small letters; got '{origin}'.", [nameof(AllowedOrigins)]);
        }
    }

    private static ValidationResult WrongRole(string setting, string role) => new($"It must be {RoleNames.All}; got '{role}'.", [setting]);

    /// <summary>The members of a list in a setting.</summary>
    internal static string[] Separate(string list) => list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
