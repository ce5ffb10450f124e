using Larder.Inference;
using Larder.Registry.Catalog;
using Larder.Registry.Models;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Larder.Functions.Hosting;

/// <summary>
/// Loads the models again that had requests before a restart: it keeps the latest references in a file on the local disk, beside the cached model files.
/// </summary>
/// <param name="path">The file: a reference in each line, the latest first.</param>
/// <param name="catalog">Knows the references that requests come for.</param>
/// <param name="registry">Tells what a reference stands for now.</param>
/// <param name="warm">Loads the models.</param>
/// <param name="options">How many, and for how long readiness waits.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Gets what could not be read or written.</param>
public sealed partial class RecentModels(
    string path, ModelCatalog catalog, ModelRegistry registry, WarmModels warm, WarmupOptions options, TimeProvider time, ILogger<RecentModels> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    private long _started = time.GetTimestamp();
    private volatile bool _areWarm;

    /// <summary>Whether they are still being loaded; not longer than <see cref="WarmupOptions.Timeout"/>.</summary>
    public bool AreWarming => !_areWarm && time.GetElapsedTime(Volatile.Read(ref _started)) < options.Timeout;

    /// <inheritdoc />
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        Write();
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Later than it was made, by the start of the storage emulator.
        Volatile.Write(ref _started, time.GetTimestamp());
        if (options.Enabled)
        {
            foreach (var reference in Read())
                await WarmAsync(reference, stoppingToken);
        }

        _areWarm = true;
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            Write();
    }

    private async Task WarmAsync(string reference, CancellationToken cancellationToken)
    {
        try
        {
            await warm([(await registry.ResolveAsync(ModelReference.Parse(reference), cancellationToken)).RequireServable().Servable], cancellationToken);
        }
        catch (LarderException)
        {
            // It was deleted since, or storage does not answer: its first request will be told.
        }
    }

    private string[] Read()
    {
        try
        {
            return File.Exists(path) ? [.. File.ReadLines(path).Take(options.Recent)] : [];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogFailed(exception, path);
            return [];
        }
    }

    // Without requests since the start, the file stays as it is, for the next start.
    private void Write()
    {
        if (catalog.Latest(options.Recent) is not { Count: > 0 } latest)
            return;
        try
        {
            var partial = path + ".partial";
            File.WriteAllLines(partial, latest);
            File.Move(partial, path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogFailed(exception, path);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The file {Path}, which tells what to load after a restart, could not be read or written.")]
    private partial void LogFailed(Exception exception, string path);
}
