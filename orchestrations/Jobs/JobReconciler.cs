using Larder.Orchestrations.Compute;
using Larder.Orchestrations.Jobs.Activities;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;

namespace Larder.Orchestrations.Jobs;

/// <summary>
/// Repairs what no orchestration can: jobs that were accepted by a server which crashed before it started them, orchestrations that failed, compute that no job
/// needs, histories of jobs that have ended. Several servers may run it at the same time.
/// </summary>
/// <param name="jobs">The jobs.</param>
/// <param name="scheduler">Starts them.</param>
/// <param name="backend">Where they run.</param>
/// <param name="end">Their last step.</param>
/// <param name="metrics">Is told which jobs are not over.</param>
/// <param name="time">For times and waits.</param>
/// <param name="logger">For what was put right.</param>
public sealed partial class JobReconciler(
    JobStore jobs, JobScheduler scheduler, IComputeBackend backend, EndJob end, JobMetrics metrics, TimeProvider time, ILogger<JobReconciler> logger)
{
    /// <summary>The server that accepts a job starts its orchestration within this time.</summary>
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(1);

    /// <summary>Nearly every job that is not over is younger: no job runs longer than six days.</summary>
    private static readonly TimeSpan Recent = TimeSpan.FromDays(7);

    private static readonly OrchestrationQuery Ended = new(
        Statuses: [OrchestrationRuntimeStatus.Completed, OrchestrationRuntimeStatus.Failed, OrchestrationRuntimeStatus.Terminated]);

    /// <summary>Reconciles the recent jobs, and at each full hour all jobs.</summary>
    public async Task RunAsync(DurableTaskClient client, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var active = await jobs.ScanAsync(now.Minute == 0 ? null : now - Recent, cancellationToken).Where(job => !job.IsFinal).ToListAsync(cancellationToken);
        metrics.Report(active);
        foreach (var job in active.Where(job => job.Created < now - StartTimeout))
            await ReconcileAsync(client, job, cancellationToken);

        await foreach (var task in backend.ListAsync(cancellationToken))
        {
            // Compute is deleted before a job becomes final: what is there afterwards was left by a step that ran twice.
            if (await IsOverAsync(task.Job, cancellationToken))
            {
                LogOrphan(task.Job, task.Attempt);
                await backend.DeleteAsync(task, cancellationToken);
            }
        }

        await PurgeHistoriesAsync(client, cancellationToken);
    }

    // The last step of an orchestration makes its job final, so its history is there for a moment longer, and goes here.
    private async Task PurgeHistoriesAsync(DurableTaskClient client, CancellationToken cancellationToken)
    {
        var ended = new List<string>();
        await foreach (var instance in client.GetAllInstancesAsync(Ended).WithCancellation(cancellationToken))
            ended.Add(instance.InstanceId);
        foreach (var id in ended)
        {
            if (await IsOverAsync(id, cancellationToken))
                await client.PurgeInstanceAsync(id, cancellationToken);
        }
    }

    private async Task ReconcileAsync(DurableTaskClient client, Job job, CancellationToken cancellationToken)
    {
        var instance = await client.GetInstanceAsync(job.Id, getInputsAndOutputs: true, cancellationToken);
        if (instance is null)
        {
            // Read again: it may have ended meanwhile, and its history be gone.
            if (await IsOverAsync(job.Id, cancellationToken))
                return;
            LogStarted(job.Id);
            await scheduler.StartAsync(client, job, cancellationToken);
        }
        else if (instance.IsCompleted)
        {
            // Read again: the orchestration's last step may have come between the two reads.
            if (await IsOverAsync(job.Id, cancellationToken))
                return;
            var result = JobResult.Abandoned(job.Id, instance);
            LogEnded(job.Id, result.Reason!);
            await end.Run(result, cancellationToken);
        }
        else if (job.CancelRequested is not null)
        {
            // The server that took the request may have crashed before it raised the event; a second event changes nothing.
            await client.RaiseEventAsync(job.Id, JobScheduler.CancelEvent, cancellation: cancellationToken);
        }
    }

    private async Task<bool> IsOverAsync(string job, CancellationToken cancellationToken)
    {
        try
        {
            return (await jobs.GetAsync(job, cancellationToken)).IsFinal;
        }
        catch (NotFoundException)
        {
            return true;
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The job {Job} was accepted, but not started; it is started now.")]
    private partial void LogStarted(string job);

    [LoggerMessage(2, LogLevel.Error, "The orchestration of the job {Job} ended without ending the job: {Reason}")]
    private partial void LogEnded(string job, string reason);

    [LoggerMessage(3, LogLevel.Warning, "Compute of the job {Job}, attempt {Attempt}, was left behind and is removed.")]
    private partial void LogOrphan(string job, int attempt);
}
