using Larder.Registry;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations;

/// <summary>Looks how an attempt is doing, and keeps what the backend caught of its output, of which a service may keep little or only for a while.</summary>
public sealed class WatchCompute(JobStore jobs, JobFiles files, IComputeBackend backend, TimeProvider time)
{
    /// <summary>What it saw.</summary>
    /// <param name="IsRunning">It runs, or ran.</param>
    /// <param name="IsOver">It has ended, or is lost.</param>
    public sealed record Result(bool IsRunning, bool IsOver);

    /// <summary>Runs it.</summary>
    [Function(ActivityNames.WatchCompute)]
    public async Task<Result> Run([ActivityTrigger] ComputeId id, CancellationToken cancellation)
    {
        var status = await backend.GetStatusAsync(id, cancellation);
        // bootstrap.py writes this last; services take a while to notice that a container has ended.
        var isOver = status.State is ComputeState.Exited or ComputeState.Missing || await HasExitAsync(id, cancellation);
        var isRunning = isOver || status.State == ComputeState.Running;
        if (isRunning)
            await MarkRunningAsync(id, cancellation);
        await BackendLog.KeepAsync(backend, files, id, cancellation);
        return new Result(isRunning, isOver);
    }

    private async Task<bool> HasExitAsync(ComputeId id, CancellationToken cancellation) =>
        await files.GetPropertiesAsync(id.Job, JobPaths.Exit(id.Attempt), cancellation) is not null;

    private async Task MarkRunningAsync(ComputeId id, CancellationToken cancellation)
    {
        var job = await jobs.GetAsync(id.Job, cancellation);
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
            cancellation);
    }
}
