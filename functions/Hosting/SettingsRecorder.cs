using Larder.Registry.Audit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Larder.Functions.Hosting;

/// <summary>Puts the settings into the audit log at start, if they differ from the last record. It runs in the background and retries until storage answers.</summary>
internal sealed partial class SettingsRecorder(
    IConfiguration configuration, SettingsHistory history, TimeProvider time, ILogger<SettingsRecorder> logger) : BackgroundService
{
    private const string Actor = "deployment";

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan MaxPause = TimeSpan.FromMinutes(5);

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await BackgroundStart.WaitAsync(time, stoppingToken);
        var settings = EffectiveSettings.Of(configuration);
        for (var pause = Pause; !await TryRecordAsync(settings, stoppingToken); pause = pause * 2 < MaxPause ? pause * 2 : MaxPause)
            await Task.Delay(pause, time, stoppingToken);
    }

    private async Task<bool> TryRecordAsync(IReadOnlyDictionary<string, string> settings, CancellationToken cancellationToken)
    {
        try
        {
            await history.RecordAsync(settings, Actor, cancellationToken);
            return true;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // A missing audit record must not stop the server.
            LogNotRecorded(exception);
            return false;
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The settings could not be compared with the audit log; the server retries.")]
    private partial void LogNotRecorded(Exception exception);
}
