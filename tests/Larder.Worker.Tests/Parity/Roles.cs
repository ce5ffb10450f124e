using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Larder.Worker.Tests.Parity;

/// <summary>Callers, by function key and by sign-in.</summary>
internal static class Roles
{
    /// <summary>The header that App Service Authentication adds.</summary>
    public const string SignInHeader = "X-MS-CLIENT-PRINCIPAL";

    /// <summary>Names of the keys, which are those of their roles; the key `unlisted` is not in the settings.</summary>
    public static readonly string[] Names = ["unlisted", "reader", "predictor", "contributor", "admin"];

    /// <summary>The key of a name, in its header.</summary>
    public static (string Name, string Value) Key(string name) => ("x-functions-key", $"the-key-of-{name}-2c9f");

    /// <summary>What the platform says of a caller who has signed in.</summary>
    public static (string Name, string Value) SignIn(string role, string id)
    {
        var claims = new { claims = new[] { new { typ = "roles", val = role }, new { typ = "oid", val = id } } };
        return (SignInHeader, Convert.ToBase64String(JsonSerializer.SerializeToUtf8Bytes(claims)));
    }

    /// <summary>Settings of an app in Azure behind authentication. It knows keys by their hash: its host keeps them.</summary>
    public static (string Name, string Value)[] Settings() =>
    [
        .. Names.Where(name => name != "unlisted").SelectMany<string, (string, string)>(name =>
        [
            ($"Access:Keys:{name}:Role", name),
            ($"Access:Keys:{name}:Sha256", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Key(name).Value)))),
        ]),
        ("Access:ClientPrincipal", "true"),
        ("Access:AppRoles:Larder.Write", "contributor"),
        ("WEBSITE_SITE_NAME", "larder"),
        ("WEBSITE_AUTH_ENABLED", "True"),
        ("Jobs:Backend", "container-instances"),
        ("Jobs:ContainerInstances:SubscriptionId", "00000000-0000-0000-0000-0000000000aa"),
        ("Jobs:ContainerInstances:ResourceGroup", "jobs"),
        ("Jobs:ContainerInstances:Location", "westeurope"),
    ];
}
