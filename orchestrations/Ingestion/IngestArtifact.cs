using Larder.Registry;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace Larder.Orchestrations;

/// <summary>
/// The ingestion of a dropped model: wait until the blob is complete, stage it, look into it, register it; the result beside the blob and the job's final
/// state come last, whatever happened before. What is wrong with the model is a result; what goes wrong on the server is tried again, and leaves the blob
/// where it is. Cancelling (<see cref="JobScheduler.CancelEvent"/>) is heeded until registering begins.
/// </summary>
public static class IngestArtifact
{
    private static readonly TimeSpan s_shortestWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_longestWait = TimeSpan.FromSeconds(30);

    /// <summary>Runs it.</summary>
    [Function(OrchestrationNames.IngestArtifact)]
    public static async Task Run([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var job = context.GetInput<string>()!;
        var cancel = context.WaitForExternalEvent<object?>(JobScheduler.CancelEvent);
        ReportDrop.Input report;
        try
        {
            await context.CallActivityAsync(ActivityNames.BeginJob, job, Retries.Patient);
            report = await IngestAsync(context, job, cancel);
        }
        catch (TaskFailedException e)
        {
            report = new ReportDrop.Input(job, JobState.Failed, JobEnding.Of(e));
        }

        SetStatus(context, "report");
        await context.CallActivityAsync(ActivityNames.ReportDrop, report, Retries.Stubborn);
        await context.CallActivityAsync(ActivityNames.EndJob, new EndJob.Input(job, report.State, report.Reason), Retries.Stubborn);
    }

    private static async Task<ReportDrop.Input> IngestAsync(TaskOrchestrationContext context, string job, Task cancel)
    {
        SetStatus(context, "wait");
        for (var wait = s_shortestWait; ; wait = wait * 2 < s_longestWait ? wait * 2 : s_longestWait)
        {
            var look = await context.CallActivityAsync<LookAtDrop.Result>(ActivityNames.LookAtDrop, job, Retries.Patient);
            if (cancel.IsCompleted)
                return ReportDrop.Input.Canceled(job);
            if (look.IsReplaced)
                return ReportDrop.Input.Replaced(job);
            if (look.IsUnchanged)
                return new ReportDrop.Input(job, JobState.Succeeded, look.Reason, look.Version);
            if (look.Reason is not null)
                return ReportDrop.Input.Refused(job, look.Reason);
            if (look.IsComplete)
                break;
            await WaitAsync(context, wait, cancel);
        }

        SetStatus(context, "stage");
        var staged = await context.CallActivityAsync<StageDrop.Result>(ActivityNames.StageDrop, job, Retries.Patient);
        if (cancel.IsCompleted)
            return ReportDrop.Input.Canceled(job);
        if (staged.IsReplaced)
            return ReportDrop.Input.Replaced(job);
        if (staged.Reason is not null)
            return ReportDrop.Input.Refused(job, staged.Reason);

        SetStatus(context, "validate");
        var arrived = await context.CallActivityAsync<CheckArrival.Result>(ActivityNames.CheckArrival, job, Retries.Patient);
        if (cancel.IsCompleted)
            return ReportDrop.Input.Canceled(job);
        if (arrived.Model is null)
            return ReportDrop.Input.Refused(job, arrived.Reason!);

        SetStatus(context, "register");
        var registered = await context.CallActivityAsync<RegisterArrival.Result>(
            ActivityNames.RegisterArrival, new RegisterArrival.Input(job, arrived.Model), Retries.Patient);
        return registered.Version is { } version
            ? new ReportDrop.Input(job, JobState.Succeeded, registered.Reason, version)
            : ReportDrop.Input.Refused(job, registered.Reason!);
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
