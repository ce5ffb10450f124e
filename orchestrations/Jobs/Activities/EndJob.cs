using Larder.Registry.Jobs;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations.Jobs.Activities;

/// <summary>Gives a job its final state.</summary>
public sealed class EndJob(JobStore jobs, TimeProvider time)
{
    /// <summary>How it ends.</summary>
    /// <param name="Job">The job's id.</param>
    /// <param name="State">A final state.</param>
    /// <param name="Reason">Why, in a sentence.</param>
    public sealed record Input(string Job, JobState State, string? Reason)
    {
        internal static Input Failed(string job, string reason) => new(job, JobState.Failed, reason);

        internal static Input Canceled(string job) => new(job, JobState.Canceled, JobEnding.Canceled);
    }

    /// <summary>Runs it.</summary>
    [Function(ActivityNames.EndJob)]
    public Task Run([ActivityTrigger] Input input, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return jobs.UpdateAsync(
            input.Job,
            job => job with
            {
                State = input.State,
                Reason = input.Reason,
                Finished = now,
                Steps = [.. job.Steps.Select(step => step.Finished is null ? step with { Finished = now } : step)],
            },
            cancellationToken);
    }
}
