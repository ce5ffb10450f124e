using System.Globalization;
using System.Text.Json;
using Larder.Host.Functions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Larder.Host.Configuration;

/// <summary>Reads host.json's values with their types; what has the wrong type is a sentence that names it.</summary>
/// <param name="configuration">The application's configuration.</param>
internal sealed class HostJsonReader(IConfiguration configuration)
{
    /// <summary>A section, by its path in host.json: <c>extensions:http</c>.</summary>
    public IConfigurationSection Section(string path)
    {
        for (var end = path.Length; end > 0; end = path.LastIndexOf(':', end - 1))
            if (At(path[..end]).Value is { } value)
                throw Wrong(path[..end], "an object", value);
        return At(path);
    }

    /// <summary>A text.</summary>
    public string Text(string path, string otherwise) => Value(path, "a text") ?? otherwise;

    /// <summary>True or false.</summary>
    public bool Flag(string path, bool otherwise)
    {
        const string expected = "true or false";
        return Value(path, expected) is not { } text ? otherwise : bool.TryParse(text, out var flag) ? flag : throw Wrong(path, expected, text);
    }

    /// <summary>A number that is positive, or -1 for no limit: then null.</summary>
    public int? Limit(string path, int otherwise)
    {
        const string expected = "a positive whole number, or -1 for no limit";
        if (Value(path, expected) is not { } text)
            return otherwise;
        if (!int.TryParse(text, CultureInfo.InvariantCulture, out var number) || number is not (-1 or > 0))
            throw Wrong(path, expected, text);
        return number == -1 ? null : number;
    }

    /// <summary>A time; null when it is not given, or -1 for no limit. A number alone is days.</summary>
    public TimeSpan? Time(string path)
    {
        const string expected = "a positive time such as 00:05:00, or -1 for no limit";
        if (Value(path, expected) is not { } text || text == "-1")
            return null;
        return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var time) && time > TimeSpan.Zero
            ? time
            : throw Wrong(path, expected, text);
    }

    /// <summary>The sentence for a value that is not what it must be.</summary>
    public static SelfHostException Wrong(string path, string expected, string value) =>
        new($"{HostJsonFile.Name}: '{path.Replace(':', '.')}' must be {expected}; it is '{value}'.");

    private IConfigurationSection At(string path) => configuration.GetSection($"{HostJsonFile.Section}:{path}");

    private string? Value(string path, string expected)
    {
        var section = At(path);
        return section.Value is null && section.GetChildren().Any()
            ? throw new SelfHostException($"{HostJsonFile.Name}: '{path.Replace(':', '.')}' must be {expected}; it is an object.")
            : section.Value;
    }
}

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

/// <summary>What the self-host reads of a section of host.json that belongs to it. Each is registered as a singleton by the part that reads it.</summary>
/// <param name="Section">The section: <c>extensions:http</c>; empty for the values that stand in no section.</param>
/// <param name="Read">The keys below it that are read; <c>NAME:*</c> stands for any below NAME.</param>
/// <param name="Replaced">Keys that only the Functions host reads, and whose part settings of the self-host play.</param>
internal sealed record HostJsonKeys(string Section, IReadOnlyList<string> Read, IReadOnlyList<string>? Replaced = null);

/// <summary>Warns of values of host.json that have no effect.</summary>
internal sealed partial class HostJsonCheck(IConfiguration configuration, IEnumerable<HostJsonKeys> sections, ILoggerFactory loggers)
{
    /// <summary>Writes one warning with all keys that stand in a section of the self-host's and that nothing reads.</summary>
    public void Warn()
    {
        var unread = sections.SelectMany(Unread).Order(StringComparer.Ordinal).ToList();
        if (unread.Count > 0)
            LogUnread(loggers.CreateLogger("Host.Configuration"), HostJsonFile.Name, string.Join(", ", unread.Select(key => key.Replace(':', '.'))));
    }

    private IEnumerable<string> Unread(HostJsonKeys keys)
    {
        var prefix = keys.Section.Length == 0 ? "" : $"{keys.Section}:";
        var values = configuration.GetSection(HostJsonFile.Section).AsEnumerable(makePathsRelative: true)
            .Where(entry => entry.Value is not null && entry.Key.StartsWith(prefix, StringComparison.OrdinalIgnoreCase));
        // Of the values in no section, those of other sections are not meant.
        return values
            .Where(entry => keys.Section.Length > 0 || !entry.Key.Contains(':'))
            .Select(entry => entry.Key)
            .Where(key => !keys.Read.Concat(keys.Replaced ?? []).Any(known => Matches(prefix + known, key)));
    }

    private static bool Matches(string known, string key) => known.EndsWith(":*", StringComparison.Ordinal)
        ? key.StartsWith(known[..^1], StringComparison.OrdinalIgnoreCase)
        : key.Equals(known, StringComparison.OrdinalIgnoreCase);

    [LoggerMessage(1, LogLevel.Warning, "{File}: the self-host does not read {Keys}.")]
    private static partial void LogUnread(ILogger logger, string file, string keys);
}
