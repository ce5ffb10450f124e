using Larder.Registry.Jobs;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations.Jobs.Activities;

/// <summary>Says that a job has begun to run: for jobs whose work is done by activities, not by compute that may have to wait.</summary>
public sealed class BeginJob(JobStore jobs, TimeProvider time)
{
    /// <summary>Runs it.</summary>
    [Function(ActivityNames.BeginJob)]
    public Task Run([ActivityTrigger] string job, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return jobs.UpdateAsync(job, found => found with { State = JobState.Running, Started = found.Started ?? now }, cancellationToken);
    }
}
