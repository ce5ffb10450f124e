using Larder.Orchestrations.Backup.Activities;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Jobs.Activities;
using Larder.Registry.Jobs;
using Microsoft.DurableTask;

namespace Larder.Orchestrations.Backup;

/// <summary>What the orchestrations of exports and imports have in common: one step after the other, until one says that it cannot be.</summary>
internal static class BackupSteps
{
    public static async Task RunAsync(TaskOrchestrationContext context, params string[] steps)
    {
        var job = context.GetInput<string>()!;
        var cancel = context.WaitForExternalEvent<object?>(JobScheduler.CancelEvent);
        FinishBackup.Input ending;
        try
        {
            await context.CallActivityAsync(ActivityNames.BeginJob, job, RetryPolicies.Default);
            ending = await StepsAsync(context, job, steps, cancel);
        }
        catch (TaskFailedException e)
        {
            ending = new FinishBackup.Input(job, JobState.Failed, JobEnding.Of(e));
        }

        await context.CallActivityAsync(ActivityNames.FinishTransfer, ending, RetryPolicies.Cleanup);
        await context.CallActivityAsync(ActivityNames.EndJob, new EndJob.Input(job, ending.State, ending.Reason), RetryPolicies.Cleanup);
    }

    private static async Task<FinishBackup.Input> StepsAsync(TaskOrchestrationContext context, string job, string[] steps, Task cancel)
    {
        string? summary = null;
        foreach (var step in steps)
        {
            if (cancel.IsCompleted)
                return new FinishBackup.Input(job, JobState.Canceled, BackupResult.Canceled.Problem);
            var result = await context.CallActivityAsync<BackupResult>(step, job, RetryPolicies.Default);
            if (result.Problem is { } problem)
                return new FinishBackup.Input(job, result.IsCanceled ? JobState.Canceled : JobState.Failed, problem);
            summary = result.Summary;
        }

        return new FinishBackup.Input(job, JobState.Succeeded, summary);
    }
}
