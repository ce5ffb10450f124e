using Larder.Registry;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace Larder.Orchestrations;

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
        if (await context.CallActivityAsync<string?>(ActivityNames.StageUpload, job, Retries.Patient) is { } problem)
            return EndJob.Input.Failed(job, problem);
        if (cancel.IsCompleted)
            return EndJob.Input.Canceled(job);

        SetStatus(context, "validate");
        var arrived = await context.CallActivityAsync<CheckArrival.Result>(ActivityNames.CheckArrival, job, Retries.Patient);
        if (arrived.Model is null)
            return EndJob.Input.Failed(job, arrived.Reason!);
        if (cancel.IsCompleted)
            return EndJob.Input.Canceled(job);

        SetStatus(context, "register");
        var registered = await context.CallActivityAsync<RegisterArrival.Result>(
            ActivityNames.RegisterArrival, new RegisterArrival.Input(job, arrived.Model), Retries.Patient);
        if (registered.Version is null)
            return EndJob.Input.Failed(job, registered.Reason!);

        SetStatus(context, "clean_up");
        await context.CallActivityAsync(ActivityNames.ReleaseUpload, job, Retries.Patient);
        return new EndJob.Input(job, JobState.Succeeded, registered.Reason);
    }

    private static void SetStatus(TaskOrchestrationContext context, string step) => context.SetCustomStatus(new { step });
}
