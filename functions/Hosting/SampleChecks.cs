using Larder.Inference;
using Larder.Registry.Models;
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
        while (!await TryCheckAsync(stoppingToken))
            await Task.Delay(RetryDelay, time, stoppingToken);
    }

    private async Task<bool> TryCheckAsync(CancellationToken cancellationToken)
    {
        try
        {
            string? cursor = null;
            do
            {
                var page = await registry.ListAsync(100, cursor, cancellationToken: cancellationToken);
                foreach (var model in page.Items)
                    await CheckAsync(model, cancellationToken);
                cursor = page.Cursor;
            }
            while (cursor is not null);
            return true;
        }
        catch (LarderException exception)
        {
            LogRetry(exception, RetryDelay);
            return false;
        }
    }

    private async Task CheckAsync(Model model, CancellationToken cancellationToken)
    {
        foreach (var version in model.Aliases.Values.Append(model.ServedVersion ?? 0).Where(version => version > 0).Distinct())
        {
            if (await registry.CheckSamplesAsync(model.Name, version, Actor, cancellationToken) is { Difference: { } difference } check)
                LogDifferent(model.Name, version, check.OnnxRuntime, difference);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "{Model}:{Version} does not give the outputs of its samples with ONNX Runtime {OnnxRuntime}, and is served all the same. {Difference}")]
    private partial void LogDifferent(string model, int version, string onnxRuntime, string difference);

    [LoggerMessage(2, LogLevel.Warning, "The comparison of models with their samples stopped; it goes on in {Delay}.")]
    private partial void LogRetry(Exception exception, TimeSpan delay);
}
