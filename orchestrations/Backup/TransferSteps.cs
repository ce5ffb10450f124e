using Larder.Registry;
using Microsoft.DurableTask;

namespace Larder.Orchestrations;

/// <summary>What the orchestrations of exports and imports have in common: one step after the other, until one says that it cannot be.</summary>
internal static class TransferSteps
{
    public static async Task RunAsync(TaskOrchestrationContext context, params string[] steps)
    {
        var job = context.GetInput<string>()!;
        var cancel = context.WaitForExternalEvent<object?>(JobScheduler.CancelEvent);
        FinishTransfer.Input ending;
        try
        {
            await context.CallActivityAsync(ActivityNames.BeginJob, job, Retries.Patient);
            ending = await StepsAsync(context, job, steps, cancel);
        }
        catch (TaskFailedException e)
        {
            ending = new FinishTransfer.Input(job, JobState.Failed, JobEnding.Of(e));
        }

        await context.CallActivityAsync(ActivityNames.FinishTransfer, ending, Retries.Stubborn);
        await context.CallActivityAsync(ActivityNames.EndJob, new EndJob.Input(job, ending.State, ending.Reason), Retries.Stubborn);
    }

    private static async Task<FinishTransfer.Input> StepsAsync(TaskOrchestrationContext context, string job, string[] steps, Task cancel)
    {
        string? summary = null;
        foreach (var step in steps)
        {
            if (cancel.IsCompleted)
                return new FinishTransfer.Input(job, JobState.Canceled, TransferResult.Canceled.Problem);
            var result = await context.CallActivityAsync<TransferResult>(step, job, Retries.Patient);
            if (result.Problem is { } problem)
                return new FinishTransfer.Input(job, result.IsCanceled ? JobState.Canceled : JobState.Failed, problem);
            summary = result.Summary;
        }

        return new FinishTransfer.Input(job, JobState.Succeeded, summary);
    }
}
