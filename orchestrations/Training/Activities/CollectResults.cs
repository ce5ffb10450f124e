using System.Text.Json;
using Larder.Registry;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations;

/// <summary>Gathers what an attempt left: exit code, outputs, metrics, and what the backend knows.</summary>
public sealed class CollectResults(JobSteps steps, JobFiles files, IComputeBackend backend, TimeProvider time)
{
    private const long MaxMetricsBytes = 1 << 20;
    private const int MaxReason = 1000;

    /// <summary>What came of the attempt.</summary>
    /// <param name="Reason">Why it failed; null when it did not.</param>
    public sealed record Result(string? Reason);

    /// <summary>Runs it.</summary>
    [Function(nameof(CollectResults))]
    public async Task<Result> Run([ActivityTrigger] ComputeId id, CancellationToken cancellation)
    {
        var collected = await steps.RunAsync(
            id.Job,
            "collect",
            id.Attempt,
            _ => CollectAsync(id, cancellation),
            (job, found) => With(job, id.Attempt, found),
            found => found.Detail,
            cancellation);
        return new Result(collected.Reason);
    }

    private async Task<Collected> CollectAsync(ComputeId id, CancellationToken cancellation)
    {
        var output = await BackendLog.KeepAsync(backend, files, id, cancellation);
        if (await BootstrapExit.ReadAsync(files, id, cancellation) is not { } exit)
        {
            var status = await backend.GetStatusAsync(id, cancellation);
            return new Collected(LostReason(status, output), status.ExitCode, [], new Dictionary<string, double>(), null);
        }

        var outputs = await OutputsAsync(id, exit, cancellation);
        var (metrics, note) = await MetricsAsync(id, outputs, cancellation);
        var reason = exit is { Stage: "done", ExitCode: 0 } ? null : Short(exit.Reason ?? $"The training ended in the stage '{exit.Stage}' without saying why.");
        return new Collected(reason, exit.ExitCode, outputs, metrics, note);
    }

    private static string LostReason(ComputeStatus status, string output)
    {
        var how = status switch
        {
            { Reason: { } reason } => reason,
            { State: ComputeState.Missing } => "The compute is gone: somebody else has removed it.",
            { ExitCode: { } code } => $"It ended with exit code {code} before it could say how the script ended.",
            _ => "It ended without saying how.",
        };
        var last = output.Split('\n').LastOrDefault(line => !string.IsNullOrWhiteSpace(line))?.Trim();
        return Short(last is null ? how : $"{how} Its last output: {last}");
    }

    /// <summary>Outputs are what is stored; only their hashes are what bootstrap.py says.</summary>
    private async Task<IReadOnlyList<JobOutput>> OutputsAsync(ComputeId id, BootstrapExit exit, CancellationToken cancellation)
    {
        var prefix = JobPaths.Outputs(id.Attempt);
        var said = exit.Outputs.GroupBy(entry => entry.Path).ToDictionary(group => group.Key, group => group.First());
        var outputs = new List<JobOutput>();
        await foreach (var file in files.ListAsync(id.Job, prefix, cancellation))
        {
            var path = file.Path[prefix.Length..];
            if (said.TryGetValue(path, out var entry) && entry.Size == file.SizeBytes)
                outputs.Add(new JobOutput(path, file.SizeBytes, entry.Sha256, file.ETag));
        }

        return outputs;
    }

    private async Task<(IReadOnlyDictionary<string, double> Metrics, string? Note)> MetricsAsync(
        ComputeId id, IReadOnlyList<JobOutput> outputs, CancellationToken cancellation)
    {
        if (!outputs.Any(output => output.Path == MetricsFile.Name))
            return (new Dictionary<string, double>(), null);
        try
        {
            var stored = await files.ReadAsync(id.Job, JobPaths.Outputs(id.Attempt) + MetricsFile.Name, MaxMetricsBytes, cancellation)
                ?? throw new JsonException($"it is larger than {MaxMetricsBytes} bytes");
            return (MetricsFile.Parse(stored), null);
        }
        catch (Exception e) when (e is JsonException or FormatException or TooLargeException)
        {
            return (new Dictionary<string, double>(), $"{MetricsFile.Name} was ignored: {Short(e.Message)}");
        }
    }

    private Job With(Job job, int attempt, Collected found)
    {
        var now = time.GetUtcNow();
        return job with
        {
            ExitCode = found.ExitCode,
            Outputs = found.Outputs,
            Metrics = found.Metrics,
            Attempts =
            [
                .. job.Attempts.Select(other => other.Number == attempt
                    ? other with { Finished = now, ExitCode = found.ExitCode, Reason = found.Reason }
                    : other),
            ],
            Steps =
            [
                .. job.Steps.Select(step => step.Name == "run" && step.Attempt == attempt
                    ? step with { Finished = now, Detail = found.Reason ?? "The script ended well." }
                    : step),
            ],
        };
    }

    private static string Short(string text) => text.Length <= MaxReason ? text : text[..MaxReason] + " ...";

    private sealed record Collected(
        string? Reason, int? ExitCode, IReadOnlyList<JobOutput> Outputs, IReadOnlyDictionary<string, double> Metrics, string? Note)
    {
        public string Detail => $"{Outputs.Count} output files, {Metrics.Count} metrics.{(Note is null ? "" : " " + Note)}";
    }
}
