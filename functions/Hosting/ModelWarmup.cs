using Larder.Inference.Limits;
using Larder.Inference.Sessions;
using Larder.Registry.Models;
using Microsoft.Extensions.Logging;

namespace Larder.Functions.Hosting;

/// <summary>
/// Loads models and runs each once on zeros before requests come for them (<see cref="WarmModels"/>), a few at a time. Whatever fails is logged with its reason, and no change waits
/// longer than the timeout: a load under way then goes on, and the first request joins it.
/// </summary>
public sealed partial class ModelWarmup(SessionCache sessions, WarmupOptions options, TimeProvider time, ILogger<ModelWarmup> logger) : IDisposable
{
    private readonly SemaphoreSlim _turns = new(options.Concurrency);

    /// <inheritdoc cref="WarmModels"/>
    public async Task WarmAsync(IReadOnlyList<ServableModel> models, CancellationToken cancellationToken)
    {
        if (!options.Enabled)
            return;
        using var timeout = new CancellationTokenSource(options.Timeout, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        foreach (var model in models.Where(model => !sessions.IsLoaded(model)))
            await TryAsync(model, stop.Token, cancellationToken);
    }

    /// <inheritdoc />
    public void Dispose() => _turns.Dispose();

    private async Task TryAsync(ServableModel model, CancellationToken stop, CancellationToken cancellationToken)
    {
        try
        {
            await _turns.WaitAsync(stop);
            try
            {
                var started = time.GetTimestamp();
                if (await sessions.WarmAsync(model, options.KeepUsed, stop).WaitAsync(stop))
                    LogWarm(model.Name, model.Version, time.GetElapsedTime(started).TotalSeconds);
                else
                    LogNoRoom(model.Name, model.Version);
            }
            finally
            {
                _turns.Release();
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            LogLate(model.Name, model.Version, options.Timeout);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            LogFailed(failure, model.Name, model.Version);
        }
    }

    [LoggerMessage(1, LogLevel.Debug, "{Model}:{Version} was loaded and run once before requests come for it, in {Seconds} s.")]
    private partial void LogWarm(string model, string version, double seconds);

    [LoggerMessage(2, LogLevel.Information, "{Model}:{Version} is not loaded before its first request: there is no room for it beside the models that are used (Limits:LoadedBytes).")]
    private partial void LogNoRoom(string model, string version);

    [LoggerMessage(3, LogLevel.Warning, "{Model}:{Version} was not loaded and run within {Timeout} (Warmup:Timeout); it gets requests all the same.")]
    private partial void LogLate(string model, string version, TimeSpan timeout);

    [LoggerMessage(4, LogLevel.Warning, "{Model}:{Version} could not be loaded and run before requests come for it; it gets them all the same.")]
    private partial void LogFailed(Exception exception, string model, string version);
}

/// <summary>How models are loaded before requests come for them.</summary>
public sealed record WarmupOptions
{
    /// <summary>Whether they are (setting <c>Warmup:Enabled</c>).</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>How long a change, or readiness after a restart, waits for them.</summary>
    [Between("00:00:00", "01:00:00")]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How many are loaded at the same time.</summary>
    [Between(1, 1000)]
    public int Concurrency { get; init; } = 2;

    /// <summary>A model that had a request within this time is not evicted for one that has none yet.</summary>
    [AtLeast("00:00:00")]
    public TimeSpan KeepUsed { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How many of the references that requests came for last are loaded again after a restart.</summary>
    [Between(0, 1000)]
    public int Recent { get; init; } = 20;
}
