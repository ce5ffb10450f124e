using Larder.Orchestrations.Compute;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations.Training.Activities;

/// <summary>Looks how an attempt is doing, and keeps what the backend caught of its output, of which a service may keep little or only for a while.</summary>
public sealed class WatchCompute(JobStore jobs, JobFiles files, IComputeBackend backend, TimeProvider time)
{
    /// <summary>What it saw.</summary>
    /// <param name="IsRunning">It runs, or ran.</param>
    /// <param name="IsOver">It has ended, or is lost.</param>
    public sealed record Result(bool IsRunning, bool IsOver);

    /// <summary>Polls the state of an attempt.</summary>
    [Function(ActivityNames.WatchCompute)]
    public async Task<Result> Run([ActivityTrigger] ComputeId id, CancellationToken cancellationToken)
    {
        var status = await backend.GetStatusAsync(id, cancellationToken);
        // bootstrap.py writes this last; services take a while to notice that a container has ended.
        var isOver = status.State is ComputeState.Exited or ComputeState.Missing || await HasExitAsync(id, cancellationToken);
        var isRunning = isOver || status.State == ComputeState.Running;
        if (isRunning)
            await MarkRunningAsync(id, cancellationToken);
        await BackendLog.KeepAsync(backend, files, id, cancellationToken);
        return new Result(isRunning, isOver);
    }

    private async Task<bool> HasExitAsync(ComputeId id, CancellationToken cancellationToken) =>
        await files.GetPropertiesAsync(id.Job, JobPaths.Exit(id.Attempt), cancellationToken) is not null;

    private async Task MarkRunningAsync(ComputeId id, CancellationToken cancellationToken)
    {
        var job = await jobs.GetAsync(id.Job, cancellationToken);
        if (job.Attempts.Any(attempt => attempt.Number == id.Attempt))
            return;
        var now = time.GetUtcNow();
        await jobs.UpdateAsync(
            id.Job,
            other => other.Attempts.Any(attempt => attempt.Number == id.Attempt) ? other : other with
            {
                State = JobState.Running,
                Started = other.Started ?? now,
                Attempts = [.. other.Attempts, new JobAttempt(id.Attempt, now)],
                Steps = [.. other.Steps, new JobStep("run", id.Attempt, now)],
            },
            cancellationToken);
    }
}
