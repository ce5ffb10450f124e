using Larder.Orchestrations.Ingestion.Activities;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Jobs.Activities;
using Larder.Registry.Jobs;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace Larder.Orchestrations.Ingestion;

/// <summary>
/// The ingestion of a dropped model: wait until the blob is complete, stage it, look into it, register it; the result beside the blob and the job's final
/// state come last, whatever happened before. What is wrong with the model is a result; what goes wrong on the server is tried again, and leaves the blob
/// where it is. Cancelling (<see cref="JobScheduler.CancelEvent"/>) is heeded until registering begins.
/// </summary>
public static class IngestArtifact
{
    private static readonly TimeSpan ShortestWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    /// <summary>Runs it.</summary>
    [Function(OrchestrationNames.IngestArtifact)]
    public static async Task Run([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var job = context.GetInput<string>()!;
        var cancel = context.WaitForExternalEvent<object?>(JobScheduler.CancelEvent);
        ReportIngestion.Input report;
        try
        {
            await context.CallActivityAsync(ActivityNames.BeginJob, job, RetryPolicies.Default);
            report = await IngestAsync(context, job, cancel);
        }
        catch (TaskFailedException e)
        {
            report = new ReportIngestion.Input(job, JobState.Failed, JobEnding.Of(e));
        }

        SetStatus(context, "report");
        await context.CallActivityAsync(ActivityNames.ReportDrop, report, RetryPolicies.Cleanup);
        await context.CallActivityAsync(ActivityNames.EndJob, new EndJob.Input(job, report.State, report.Reason), RetryPolicies.Cleanup);
    }

    private static async Task<ReportIngestion.Input> IngestAsync(TaskOrchestrationContext context, string job, Task cancel)
    {
        SetStatus(context, "wait");
        for (var wait = ShortestWait; ; wait = wait * 2 < LongestWait ? wait * 2 : LongestWait)
        {
            var look = await context.CallActivityAsync<CheckBlobReady.Result>(ActivityNames.LookAtDrop, job, RetryPolicies.Default);
            if (cancel.IsCompleted)
                return ReportIngestion.Input.Canceled(job);
            if (look.IsReplaced)
                return ReportIngestion.Input.Replaced(job);
            if (look.IsUnchanged)
                return new ReportIngestion.Input(job, JobState.Succeeded, look.Reason, look.Version);
            if (look.Reason is not null)
                return ReportIngestion.Input.Refused(job, look.Reason);
            if (look.IsComplete)
                break;
            await WaitAsync(context, wait, cancel);
        }

        SetStatus(context, "stage");
        var staged = await context.CallActivityAsync<StageIngestedBlob.Result>(ActivityNames.StageDrop, job, RetryPolicies.Default);
        if (cancel.IsCompleted)
            return ReportIngestion.Input.Canceled(job);
        if (staged.IsReplaced)
            return ReportIngestion.Input.Replaced(job);
        if (staged.Reason is not null)
            return ReportIngestion.Input.Refused(job, staged.Reason);

        SetStatus(context, "validate");
        var arrived = await context.CallActivityAsync<ValidateIngestedModel.Result>(ActivityNames.CheckArrival, job, RetryPolicies.Default);
        if (cancel.IsCompleted)
            return ReportIngestion.Input.Canceled(job);
        if (arrived.Model is null)
            return ReportIngestion.Input.Refused(job, arrived.Reason!);

        SetStatus(context, "register");
        var registered = await context.CallActivityAsync<RegisterIngestedModel.Result>(
            ActivityNames.RegisterArrival, new RegisterIngestedModel.Input(job, arrived.Model), RetryPolicies.Default);
        return registered.Version is { } version
            ? new ReportIngestion.Input(job, JobState.Succeeded, registered.Reason, version)
            : ReportIngestion.Input.Refused(job, registered.Reason!);
    }

    /// <summary>Waits, but not after a cancellation.</summary>
    private static async Task WaitAsync(TaskOrchestrationContext context, TimeSpan wait, Task cancel)
    {
        using var stop = new CancellationTokenSource();
        var timer = context.CreateTimer(wait, stop.Token);
        // A timer that is left behind would keep the orchestration from ending. Not CancelAsync: that awaits the thread pool.
        if (await Task.WhenAny(timer, cancel) == cancel)
            stop.Cancel();
    }

    private static void SetStatus(TaskOrchestrationContext context, string step) => context.SetCustomStatus(new { step });
}
