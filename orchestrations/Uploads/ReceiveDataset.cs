using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Jobs.Activities;
using Larder.Registry.Jobs;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace Larder.Orchestrations.Uploads;

/// <summary>
/// Takes in a data set that was uploaded in blocks: check size and hash, give it its name, remove the blocks. Cancelling
/// (<see cref="JobScheduler.CancelEvent"/>) is heeded until it gets its name.
/// </summary>
public static class ReceiveDataset
{
    /// <summary>Runs it.</summary>
    [Function(OrchestrationNames.ReceiveDataset)]
    public static Task Run([OrchestrationTrigger] TaskOrchestrationContext context) =>
        ReceiveSteps.RunAsync(context, (job, cancel) => ReceiveAsync(context, job, cancel));

    private static async Task<EndJob.Input> ReceiveAsync(TaskOrchestrationContext context, string job, Task cancel)
    {
        context.SetCustomStatus(new { step = "stage" });
        if (await context.CallActivityAsync<string?>(ActivityNames.StageDataset, job, RetryPolicies.Default) is { } problem)
            return EndJob.Input.Failed(job, problem);
        if (cancel.IsCompleted)
            return EndJob.Input.Canceled(job);

        context.SetCustomStatus(new { step = "register" });
        var told = await context.CallActivityAsync<string>(ActivityNames.RegisterDataset, job, RetryPolicies.Default);

        context.SetCustomStatus(new { step = "clean_up" });
        await context.CallActivityAsync(ActivityNames.ReleaseUpload, job, RetryPolicies.Default);
        return new EndJob.Input(job, JobState.Succeeded, told);
    }
}
