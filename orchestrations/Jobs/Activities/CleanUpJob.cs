using Larder.Orchestrations.Compute;
using Larder.Orchestrations.Training.Activities;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations.Jobs.Activities;

/// <summary>Removes whatever a job still has of compute: after it nothing of the job runs.</summary>
public sealed class CleanUpJob(JobSteps steps, DeleteCompute compute)
{
    /// <summary>Runs it.</summary>
    [Function(ActivityNames.CleanUpJob)]
    public Task Run([ActivityTrigger] string job, CancellationToken cancellationToken) => steps.RunAsync(
        job,
        "clean_up",
        0,
        async found =>
        {
            // An attempt that was started and never seen running is in the steps only.
            for (var attempt = found.Steps.Select(step => step.Attempt).DefaultIfEmpty().Max(); attempt > 0; attempt--)
                await compute.Run(new ComputeId(job, attempt), cancellationToken);
            return true;
        },
        cancellationToken: cancellationToken);
}
