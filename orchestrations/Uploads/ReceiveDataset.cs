using Larder.Registry;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace Larder.Orchestrations;

/// <summary>
/// Takes in a data set that was uploaded in blocks: check size and hash, give it its name, remove the blocks. Cancelling
/// (<see cref="JobScheduler.CancelEvent"/>) is heeded until it gets its name.
/// </summary>
public static class ReceiveDataset
{
    /// <summary>Runs it.</summary>
    [Function(nameof(ReceiveDataset))]
    public static async Task Run([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var job = context.GetInput<string>()!;
        var cancel = context.WaitForExternalEvent<object?>(JobScheduler.CancelEvent);
        EndJob.Input ending;
        try
        {
            await context.CallActivityAsync(nameof(BeginJob), job, Retries.Patient);
            ending = await ReceiveAsync(context, job, cancel);
        }
        catch (TaskFailedException e)
        {
            ending = new EndJob.Input(job, JobState.Failed, $"The step {e.TaskName} failed on the server: {e.FailureDetails.ErrorMessage}");
        }

        await context.CallActivityAsync(nameof(EndJob), ending, Retries.Stubborn);
    }

    private static async Task<EndJob.Input> ReceiveAsync(TaskOrchestrationContext context, string job, Task cancel)
    {
        context.SetCustomStatus(new { step = "stage" });
        if (await context.CallActivityAsync<string?>(nameof(StageDataset), job, Retries.Patient) is { } problem)
            return new EndJob.Input(job, JobState.Failed, problem);
        if (cancel.IsCompleted)
            return new EndJob.Input(job, JobState.Canceled, "It was canceled.");

        context.SetCustomStatus(new { step = "register" });
        var told = await context.CallActivityAsync<string>(nameof(RegisterDataset), job, Retries.Patient);

        context.SetCustomStatus(new { step = "clean_up" });
        await context.CallActivityAsync(nameof(ReleaseUpload), job, Retries.Patient);
        return new EndJob.Input(job, JobState.Succeeded, told);
    }
}
