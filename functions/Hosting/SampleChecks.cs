using Larder.Inference;
using Larder.Registry.Models;
using Larder.Registry.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Larder.Functions.Hosting;

/// <summary>
/// Compares the versions that the default and aliases point at with their samples, at the start of a server whose ONNX Runtime is another one than that of the last comparison. In the
/// background, one after the other; versions that this ONNX Runtime has compared before cost two reads each.
/// </summary>
public sealed partial class SampleChecks(ModelRegistry registry, TimeProvider time, ILogger<SampleChecks> logger) : BackgroundService
{
    private const string Actor = "deployment";
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(30);

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await BackgroundStart.WaitAsync(time, stoppingToken);
        while (!await TryCheckAsync(stoppingToken))
            await Task.Delay(RetryDelay, time, stoppingToken);
    }

    private async Task<bool> TryCheckAsync(CancellationToken cancellationToken)
    {
        var isDone = true;
        try
        {
            await foreach (var model in Listing.AllAsync(cursor => registry.ListAsync(100, cursor, cancellationToken: cancellationToken)))
            {
                foreach (var version in model.Aliases.Values.Append(model.ServedVersion ?? 0).Where(version => version > 0).Distinct())
                    isDone &= await TryCheckAsync(model.Name, version, cancellationToken);
            }
            return isDone;
        }
        catch (LarderException exception)
        {
            LogStopped(exception, RetryDelay);
            return false;
        }
    }

    private async Task<bool> TryCheckAsync(ModelName model, int version, CancellationToken cancellationToken)
    {
        try
        {
            if (await registry.CheckSamplesAsync(model, version, Actor, cancellationToken) is { Difference: { } difference } check)
                LogDifferent(model, version, check.OnnxRuntime, difference);
            return true;
        }
        catch (LarderException exception)
        {
            LogFailed(exception, model, version);
            return exception.IsPermanent;
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "{Model}:{Version} does not give the outputs of its samples with ONNX Runtime {OnnxRuntime}, and is served all the same. {Difference}")]
    private partial void LogDifferent(string model, int version, string onnxRuntime, string difference);

    [LoggerMessage(2, LogLevel.Warning, "The models whose samples are to be compared cannot be listed; the server tries again in {Delay}.")]
    private partial void LogStopped(Exception exception, TimeSpan delay);

    [LoggerMessage(3, LogLevel.Warning, "{Model}:{Version} could not be compared with its samples.")]
    private partial void LogFailed(Exception exception, string model, int version);
}
