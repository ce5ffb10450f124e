using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;

namespace Larder.Orchestrations.Jobs;

/// <summary>Starts the orchestrations of jobs, cancels them and purges their histories. Every method is idempotent.</summary>
/// <param name="jobs">The jobs' documents.</param>
/// <param name="types">The types of jobs.</param>
/// <param name="access">Decides who may cancel a job.</param>
/// <param name="time">For the time of a cancellation.</param>
/// <param name="logger">Logs the jobs that are started.</param>
public sealed partial class JobScheduler(JobStore jobs, IEnumerable<IJobType> types, JobAccess access, TimeProvider time, ILogger<JobScheduler> logger)
{
    /// <summary>The event that cancels an orchestration. Its payload does not matter.</summary>
    public const string CancelEvent = "cancel";

    /// <summary>Submits a job and starts its orchestration: the job is acknowledged only when it is started.</summary>
    /// <param name="client">Starts orchestrations.</param>
    /// <param name="submission">Makes the job, or returns one that is there already; null for none, and then nothing is started.</param>
    /// <returns>The job.</returns>
    public async Task<TJob> SubmitAndStartAsync<TJob>(DurableTaskClient client, Task<TJob> submission)
        where TJob : Job?
    {
        var job = await submission;
        // Not canceled with the request: a caller that disconnects now has a job nevertheless.
        if (job is not null)
            await StartAsync(client, job, CancellationToken.None);
        return job;
    }

    /// <summary>Starts a job's orchestration, unless it was started before.</summary>
    public async Task StartAsync(DurableTaskClient client, Job job, CancellationToken cancellationToken)
    {
        if (job.IsFinal || await client.GetInstanceAsync(job.Id, cancellationToken) is not null)
            return;
        var type = types.Single(type => type.Name == job.Type);
        try
        {
            await client.ScheduleNewOrchestrationInstanceAsync(
                type.Orchestrator, type.InputOf(job), new StartOrchestrationOptions(job.Id), cancellationToken);
            LogStarted(job.Id, job.Type, job.Model);
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            // Another server may have been faster; what the client throws then depends on the storage provider.
            if (await client.GetInstanceAsync(job.Id, cancellationToken) is null)
                throw;
        }
    }

    /// <summary>Asks a job to end. Its state is final only when nothing of it runs any more.</summary>
    /// <returns>The job.</returns>
    /// <exception cref="ConflictException">The job has ended in another state than canceled.</exception>
    /// <exception cref="ForbiddenException">The caller's role or scope does not allow it.</exception>
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
        await client.RaiseEventAsync(job.Id, CancelEvent, cancellation: cancellationToken);
        return job;
    }

    /// <summary>Purges the history of a job's orchestration.</summary>
    public static Task ForgetAsync(DurableTaskClient client, Job job, CancellationToken cancellationToken) =>
        client.PurgeInstanceAsync(job.Id, cancellationToken);

    [LoggerMessage(1, LogLevel.Information, "The job {Job} ({Type} of {Model}) is started.")]
    private partial void LogStarted(string job, string type, string model);
}
