using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Larder.Host.Configuration;

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
