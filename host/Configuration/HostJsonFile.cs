using System.Text.Json;
using Larder.Host.Functions;

namespace Larder.Host.Configuration;

/// <summary>
/// host.json. Its values live below <c>AzureFunctionsJobHost</c> in the configuration, where the Functions host has them too, so
/// that an environment variable such as <c>AzureFunctionsJobHost__extensions__http__routePrefix</c> overrides one.
/// </summary>
internal static class HostJsonFile
{
    public const string Name = "host.json";

    /// <summary>The version of its format.</summary>
    public const string VersionKey = "version";

    /// <summary>The configuration section that holds it.</summary>
    public const string Section = "AzureFunctionsJobHost";

    /// <summary>The file as configuration; nothing when there is none, which means all defaults.</summary>
    /// <exception cref="SelfHostException">It is not JSON, or of another version.</exception>
    public static IEnumerable<KeyValuePair<string, string?>> Read(string path)
    {
        using var file = JsonSettings.Open(path);
        if (file is null)
            return [];
        if (!file.RootElement.TryGetProperty(VersionKey, out var version) || version.ValueKind != JsonValueKind.String || version.GetString() != "2.0")
            throw new SelfHostException($"The {Name} file must say \"version\": \"2.0\".");
        return JsonSettings.Flatten(Section, file.RootElement).ToList();
    }
}
