using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Configuration;

namespace Larder.Functions.Hosting;

/// <summary>
/// The settings that this host runs with, as the audit log may show them: those of local.settings.sample.json and what else is set in their sections, with the
/// sample's default where nothing is set. Of a secret only a hash is left, short and slow to make, so that one sees that it changed and cannot guess it.
/// </summary>
internal static class EffectiveSettings
{
    private const string Sample = "local.settings.sample.json";
    private const int HashRounds = 200_000;
    private const int HashBytes = 4;

    // Folders of one machine, which differ between hosts that are set up alike.
    private static readonly string[] Local = ["LocalFolder", "AzuriteLocation", "Jobs:Process:Folder"];

    // In the sample a name that each deployment chooses.
    internal const string Placeholder = "example";

    // In the sample these choose functions for a developer's machine; nothing is disabled where they are not set.
    private const string Disabling = ".Disabled";

    // All of that section are secrets.
    private const string Keys = "FunctionKeys";

    private static readonly string[] SecretNames = ["AzureWebJobsStorage", "Sha256", "Key", "Secret", "Password", "Token", "ConnectionString"];
    private static readonly string[] SecretParts = ["AccountKey=", "SharedAccessKey=", "SharedAccessSignature=", "Password=", "sig="];

    /// <summary>The names in the sample.</summary>
    internal static IReadOnlyCollection<string> Names => Defaults().Keys;

    /// <summary>All of them, by name.</summary>
    public static SortedDictionary<string, string> Of(IConfiguration configuration)
    {
        var sample = Defaults();
        var sections = sample.Keys.Select(Section).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var settings = new SortedDictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in sample)
        {
            if (!name.Split(':').Contains(Placeholder) && !name.EndsWith(Disabling, StringComparison.Ordinal))
                settings[name] = value;
        }

        foreach (var (name, value) in configuration.AsEnumerable())
        {
            if (value is { Length: > 0 } && sections.Contains(Section(name)))
                settings[name] = value;
        }

        foreach (var name in Local)
            settings.Remove(name);
        return new SortedDictionary<string, string>(
            settings.ToDictionary(setting => setting.Key, setting => Shown(setting.Key, setting.Value)), StringComparer.Ordinal);
    }

    /// <summary>The section that a setting is in.</summary>
    internal static string Section(string name) => name.Split(':')[0];

    private static string Shown(string name, string value)
    {
        var isSecret = Section(name).Equals(Keys, StringComparison.OrdinalIgnoreCase)
            || SecretNames.Any(end => name.EndsWith(end, StringComparison.OrdinalIgnoreCase))
            || SecretParts.Any(part => value.Contains(part, StringComparison.OrdinalIgnoreCase));
        return isSecret && value.Length > 0 ? $"*** ({Hash(name, value)})" : value;
    }

    // A function key may be short: a plain hash of it could be tried out.
    private static string Hash(string name, string value) => Convert.ToHexStringLower(
        Rfc2898DeriveBytes.Pbkdf2(value, Encoding.UTF8.GetBytes($"larder:{name}"), HashRounds, HashAlgorithmName.SHA256, HashBytes));

    private static Dictionary<string, string> Defaults()
    {
        using var stream = typeof(EffectiveSettings).Assembly.GetManifestResourceStream(Sample)!;
        using var json = JsonDocument.Parse(stream);
        return json.RootElement.GetProperty("Values").EnumerateObject()
            .Where(value => value.Name[0] != '_')
            .ToDictionary(value => value.Name, value => value.Value.GetString()!);
    }
}
