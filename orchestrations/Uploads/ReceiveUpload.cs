using Larder.Orchestrations.Ingestion.Activities;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Jobs.Activities;
using Larder.Registry.Jobs;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace Larder.Orchestrations.Uploads;

/// <summary>
/// Takes in what was uploaded in blocks: check size and hash, look into it, register it as a direct upload is, remove the blocks. Cancelling
/// (<see cref="JobScheduler.CancelEvent"/>) is heeded until registering begins.
/// </summary>
public static class ReceiveUpload
{
    /// <summary>Runs it.</summary>
    [Function(OrchestrationNames.ReceiveUpload)]
    public static Task Run([OrchestrationTrigger] TaskOrchestrationContext context) =>
        ReceiveSteps.RunAsync(context, (job, cancel) => ReceiveAsync(context, job, cancel));

    private static async Task<EndJob.Input> ReceiveAsync(TaskOrchestrationContext context, string job, Task cancel)
    {
        SetStatus(context, "stage");
        if (await context.CallActivityAsync<string?>(ActivityNames.StageUpload, job, RetryPolicies.Default) is { } problem)
            return EndJob.Input.Failed(job, problem);
        if (cancel.IsCompleted)
            return EndJob.Input.Canceled(job);

        SetStatus(context, "validate");
        var arrived = await context.CallActivityAsync<ValidateIngestedModel.Result>(ActivityNames.CheckArrival, job, RetryPolicies.Default);
        if (arrived.Model is null)
            return EndJob.Input.Failed(job, arrived.Reason!);
        if (cancel.IsCompleted)
            return EndJob.Input.Canceled(job);

        SetStatus(context, "register");
        var registered = await context.CallActivityAsync<RegisterIngestedModel.Result>(
            ActivityNames.RegisterArrival, new RegisterIngestedModel.Input(job, arrived.Model), RetryPolicies.Default);
        if (registered.Version is null)
            return EndJob.Input.Failed(job, registered.Reason!);

        SetStatus(context, "clean_up");
        await context.CallActivityAsync(ActivityNames.ReleaseUpload, job, RetryPolicies.Default);
        return new EndJob.Input(job, JobState.Succeeded, registered.Reason);
    }

    private static void SetStatus(TaskOrchestrationContext context, string step) => context.SetCustomStatus(new { step });
}
