using Larder.Functions.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Larder.Functions.Hosting;

/// <summary>Warns at start of settings in Larder's own sections that nothing reads: a typing error there would leave the default in place unnoticed.</summary>
internal sealed partial class UnreadSettings(IConfiguration configuration, ILogger<UnreadSettings> logger) : IHostedService
{
    // Its names are functions', or those that each deployment chooses.
    private const string NotChecked = "FunctionKeys";

    /// <inheritdoc />
    public Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var sentence in Problems(configuration))
            LogUnread(sentence);
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>A sentence for each.</summary>
    internal static IEnumerable<string> Problems(IConfiguration configuration)
    {
        var known = EffectiveSettings.Names.Where(name => name.Contains(':')).ToList();
        var sections = known.Select(EffectiveSettings.Section).Except([NotChecked], StringComparer.OrdinalIgnoreCase).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return from setting in configuration.AsEnumerable()
               where setting.Value is not null && setting.Key.Contains(':') && sections.Contains(EffectiveSettings.Section(setting.Key))
               where !known.Exists(name => IsSame(name, setting.Key))
               orderby setting.Key
               let nearest = NearestName.Of(setting.Key, known)
               select $"The setting {RequestText.Shown(setting.Key)} is read by nothing; {(nearest is null ? "local.settings.sample.json has those that are." : $"did you mean {nearest}?")}";
    }

    // A part of the sample's name that each deployment chooses stands for any.
    private static bool IsSame(string known, string given)
    {
        var (parts, own) = (known.Split(':'), given.Split(':'));
        return parts.Length == own.Length && parts.Zip(own).All(pair => pair.First == EffectiveSettings.Placeholder || pair.First.Equals(pair.Second, StringComparison.OrdinalIgnoreCase));
    }

    [LoggerMessage(1, LogLevel.Warning, "{Sentence}")]
    private partial void LogUnread(string sentence);
}
