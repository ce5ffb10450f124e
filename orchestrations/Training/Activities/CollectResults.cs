using System.Text.Json;
using Larder.Orchestrations.Compute;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Training.Runs;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations.Training.Activities;

/// <summary>Collects the results of an attempt: exit code, outputs, metrics, and the backend's reason.</summary>
public sealed class CollectResults(JobSteps steps, JobFiles files, IComputeBackend backend, TrainingRuns runs, TimeProvider time)
{
    private const long MaxMetricsBytes = 1 << 20;
    private const int MaxReason = 1000;

    /// <summary>How long a backend may take to see that what it stopped has ended.</summary>
    private const int MaxPolls = 50;

    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(0.1);

    /// <summary>What came of the attempt.</summary>
    /// <param name="Reason">Why it failed; null when it did not.</param>
    /// <param name="TimedOut">Whether its timeout is why, and the backend saw that first.</param>
    public sealed record Result(string? Reason, bool TimedOut = false);

    /// <summary>Collects the results of an attempt that has ended.</summary>
    [Function(ActivityNames.CollectResults)]
    public async Task<Result> Run([ActivityTrigger] ComputeId id, CancellationToken cancellationToken)
    {
        var collected = await steps.RunAsync(
            id.Job,
            "collect",
            id.Attempt,
            async job =>
            {
                var found = await CollectAsync(id, cancellationToken);
                await runs.CollectAsync(job, found.Metrics, cancellationToken);
                return found;
            },
            (job, found) => With(job, id.Attempt, found),
            found => found.Detail,
            cancellationToken: cancellationToken);
        return new Result(collected.Reason, collected.TimedOut);
    }

    private async Task<Collected> CollectAsync(ComputeId id, CancellationToken cancellationToken)
    {
        var output = await BackendLog.KeepAsync(backend, files, id, cancellationToken);
        if (await BootstrapExit.ReadAsync(files, id, cancellationToken) is not { } exit)
        {
            var status = await backend.GetStatusAsync(id, cancellationToken);
            return new Collected(LostReason(status, output), status.ExitCode, [], new Dictionary<string, double>(), null, status.TimedOut);
        }

        var outputs = await OutputsAsync(id, exit, cancellationToken);
        var (metrics, note) = await MetricsAsync(id, exit, outputs, cancellationToken);
        if (exit.WasStopped)
        {
            // Only the backend knows why: a quota, a timeout, a cancellation.
            var status = await StoppedAsync(id, cancellationToken);
            return new Collected(Short(status.Reason ?? "It was stopped."), exit.ExitCode, outputs, metrics, note, status.TimedOut);
        }

        var reason = exit is { Stage: "done", ExitCode: 0 } ? null : Short(exit.Reason ?? $"The training ended in the stage '{exit.Stage}' without saying why.");
        return new Collected(reason, exit.ExitCode, outputs, metrics, note);
    }

    /// <summary>bootstrap.py says that it ended a moment before it does.</summary>
    private async Task<ComputeStatus> StoppedAsync(ComputeId id, CancellationToken cancellationToken)
    {
        var status = await backend.GetStatusAsync(id, cancellationToken);
        for (var polls = 1; status.State == ComputeState.Running && polls < MaxPolls; polls++)
        {
            await Task.Delay(Wait, time, cancellationToken);
            status = await backend.GetStatusAsync(id, cancellationToken);
        }

        return status;
    }

    private static string LostReason(ComputeStatus status, string output)
    {
        var how = status switch
        {
            { Reason: { } reason } => reason,
            { State: ComputeState.Missing } => "The compute is gone: it was removed from outside.",
            { ExitCode: { } code } => $"It ended with exit code {code} before it could say how the script ended.",
            _ => "It ended without saying how.",
        };
        var last = output.Split('\n').LastOrDefault(line => !string.IsNullOrWhiteSpace(line))?.Trim();
        return Short(last is null ? how : $"{how} Its last output: {last}");
    }

    /// <summary>Outputs are what is stored; only their hashes are what bootstrap.py says.</summary>
    private async Task<IReadOnlyList<JobOutput>> OutputsAsync(ComputeId id, BootstrapExit exit, CancellationToken cancellationToken)
    {
        var prefix = JobPaths.Outputs(id.Attempt);
        var said = exit.Outputs.GroupBy(entry => entry.Path).ToDictionary(group => group.Key, group => group.First());
        var outputs = new List<JobOutput>();
        await foreach (var file in files.ListAsync(id.Job, prefix, cancellationToken))
        {
            var path = file.Path[prefix.Length..];
            if (said.TryGetValue(path, out var entry) && entry.Size == file.SizeBytes)
                outputs.Add(new JobOutput(path, file.SizeBytes, entry.Sha256, file.ETag));
        }

        return outputs;
    }

    private async Task<(IReadOnlyDictionary<string, double> Metrics, string? Note)> MetricsAsync(
        ComputeId id, BootstrapExit exit, IReadOnlyList<JobOutput> outputs, CancellationToken cancellationToken)
    {
        var isOutput = outputs.Any(output => output.Path == MetricsFile.Name);
        if (!isOutput && !exit.Found.Any(entry => entry.Path == MetricsFile.Name))
            return (new Dictionary<string, double>(), null);
        try
        {
            var stored = await files.ReadAsync(id.Job, (isOutput ? JobPaths.Outputs(id.Attempt) : JobPaths.Found(id.Attempt)) + MetricsFile.Name, MaxMetricsBytes, cancellationToken)
                ?? throw new JsonException($"it is larger than {MaxMetricsBytes} bytes");
            var read = MetricsFile.Parse(stored);
            return (read.Metrics, read.Note);
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
            // EndJob adds it to the reason of the final state.
            Reason = found.Note,
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
        string? Reason, int? ExitCode, IReadOnlyList<JobOutput> Outputs, IReadOnlyDictionary<string, double> Metrics, string? Note, bool TimedOut = false)
    {
        public string Detail => $"{Outputs.Count} output files, {Metrics.Count} metrics.{(Note is null ? "" : " " + Note)}";
    }
}
