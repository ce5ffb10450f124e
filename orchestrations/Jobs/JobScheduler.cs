using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;

namespace Larder.Orchestrations.Jobs;

/// <summary>Starts the orchestration of a job, ends it early, forgets it. Every method may be called again.</summary>
/// <param name="jobs">The jobs.</param>
/// <param name="types">What jobs there are.</param>
/// <param name="access">Who may end them.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">What was started.</param>
public sealed partial class JobScheduler(JobStore jobs, IEnumerable<IJobType> types, JobAccess access, TimeProvider time, ILogger<JobScheduler> logger)
{
    /// <summary>The event that cancels an orchestration. Its payload does not matter.</summary>
    public const string CancelEvent = "cancel";

    /// <summary>Starts a job's orchestration, unless it was started before.</summary>
    public async Task StartAsync(DurableTaskClient client, Job job, CancellationToken cancellationToken)
    {
        if (job.IsFinal || await client.GetInstanceAsync(job.InstanceId, cancellationToken) is not null)
            return;
        var type = types.Single(type => type.Name == job.Type);
        try
        {
            await client.ScheduleNewOrchestrationInstanceAsync(
                type.Orchestrator, type.InputOf(job), new StartOrchestrationOptions(job.InstanceId), cancellationToken);
            LogStarted(job.Id, job.Type, job.Model);
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            // Somebody else may have been quicker; what they say to that is each client's own.
            if (await client.GetInstanceAsync(job.InstanceId, cancellationToken) is null)
                throw;
        }
    }

    /// <summary>Asks a job to end. It is final only when nothing of it runs any more.</summary>
    /// <returns>The job.</returns>
    /// <exception cref="ConflictException">It has ended in another way.</exception>
    /// <exception cref="ForbiddenException">It is not for this caller.</exception>
    public async Task<Job> CancelAsync(DurableTaskClient client, string id, Caller caller, CancellationToken cancellationToken)
    {
        await access.OpenAsync(caller, id, JobWay.Cancel, cancellationToken);
        var now = time.GetUtcNow();
        var job = await jobs.UpdateAsync(id, job => job with { CancelRequested = job.CancelRequested ?? now }, cancellationToken);
        if (job.State == JobState.Canceled)
            return job;
        if (job.IsFinal)
            throw new ConflictException($"The job {id} has ended already.");
        await StartAsync(client, job, cancellationToken);
        await client.RaiseEventAsync(job.InstanceId, CancelEvent, cancellation: cancellationToken);
        return job;
    }

    /// <summary>Removes the history of a job's orchestration.</summary>
    public static Task ForgetAsync(DurableTaskClient client, Job job, CancellationToken cancellationToken) =>
        client.PurgeInstanceAsync(job.InstanceId, cancellationToken);

    [LoggerMessage(1, LogLevel.Information, "The job {Job} ({Type} of {Model}) is started.")]
    private partial void LogStarted(string job, string type, string model);
}
