using Larder.Orchestrations.Compute;
using Larder.Orchestrations.Training.Activities;
using Larder.Orchestrations.Training.Runs;
using Larder.Registry.Jobs;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations.Jobs.Activities;

/// <summary>Removes the compute that a job still has, then gives the job its final state: after it nothing of the job runs.</summary>
public sealed class EndJob(JobStore jobs, JobSteps steps, DeleteCompute compute, TrainingRuns runs, TimeProvider time)
{
    /// <summary>Ends a job. A job that is final already stays as it is.</summary>
    [Function(ActivityNames.EndJob)]
    public async Task Run([ActivityTrigger] JobResult result, CancellationToken cancellationToken)
    {
        // The steps have also an attempt that was started and never seen running.
        var job = await jobs.GetAsync(result.Job, cancellationToken);
        var attempts = job.Steps.Select(step => step.Attempt).DefaultIfEmpty().Max();
        if (attempts == 0)
        {
            await runs.EndAsync(job, result.State, cancellationToken);
            await jobs.UpdateAsync(result.Job, job => With(job, result), cancellationToken);
            return;
        }

        await steps.RunAsync(
            result.Job,
            "clean_up",
            0,
            async _ =>
            {
                for (var attempt = attempts; attempt > 0; attempt--)
                    await compute.Run(new ComputeId(result.Job, attempt), cancellationToken);
                await runs.EndAsync(job, result.State, cancellationToken);
                return true;
            },
            (job, _) => With(job, result),
            cancellationToken: cancellationToken);
    }

    private Job With(Job job, JobResult result)
    {
        var now = time.GetUtcNow();
        return job with
        {
            State = result.State,
            // What a step noted about its results stands behind it.
            Reason = job.Reason is null ? result.Reason : $"{result.Reason} {job.Reason}".TrimStart(),
            Finished = now,
            Steps = [.. job.Steps.Select(step => step.Finished is null ? step with { Finished = now } : step)],
        };
    }
}
