using Larder.Orchestrations.Ingestion.Activities;
using Larder.Orchestrations.Jobs;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace Larder.Orchestrations.Uploads;

/// <summary>
/// The job of a model that was uploaded in blocks: check size and hash, validate the model, register it as a direct upload is, delete the blocks. A
/// cancellation has an effect until registering begins.
/// </summary>
public static class ReceiveUpload
{
    /// <summary>Runs the job whose id is the instance's input.</summary>
    [Function(OrchestrationNames.ReceiveUpload)]
    public static Task Run([OrchestrationTrigger] TaskOrchestrationContext context) =>
        JobOrchestration.RunAsync(context, context.GetInput<string>()!, ReceiveAsync);

    private static async Task<JobResult?> ReceiveAsync(JobOrchestration job)
    {
        job.SetStep("stage");
        if (await job.CallAsync<string?>(ActivityNames.StageUpload, job.Job) is { } problem)
            return job.Failed(problem);
        if (job.IsCancelRequested)
            return job.Canceled;

        job.SetStep("validate");
        var validated = await job.CallAsync<ValidateIngestedModel.Result>(ActivityNames.CheckArrival, job.Job);
        if (validated.Model is null)
            return job.Failed(validated.Reason!);
        if (job.IsCancelRequested)
            return job.Canceled;

        job.SetStep("register");
        var registered = await job.CallAsync<RegisterIngestedModel.Result>(
            ActivityNames.RegisterArrival, new RegisterIngestedModel.Input(job.Job, validated.Model));
        if (registered.Version is null)
            return job.Failed(registered.Reason!);

        job.SetStep("clean_up");
        await job.CallAsync(ActivityNames.ReleaseUpload, job.Job);
        return job.Succeeded(registered.Reason);
    }
}
