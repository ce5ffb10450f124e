using Larder.Orchestrations.Ingestion.Activities;
using Larder.Orchestrations.Jobs;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace Larder.Orchestrations.Ingestion;

/// <summary>
/// The job of a model in the container <c>uploads</c>: wait until the blob is complete, stage it, validate it, register it; then write the result beside the
/// blob. What is wrong with the model is a result. A failure of the server is an exception: the activity is tried again, and the blob stays where it is. A
/// cancellation has an effect until registering begins.
/// </summary>
public static class IngestArtifact
{
    private static readonly TimeSpan ShortestWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    /// <summary>Runs the job whose id is the instance's input.</summary>
    [Function(OrchestrationNames.IngestArtifact)]
    public static Task Run([OrchestrationTrigger] TaskOrchestrationContext context) =>
        JobOrchestration.RunAsync(context, context.GetInput<string>()!, IngestAsync, ActivityNames.ReportDrop, "report");

    private static async Task<JobResult?> IngestAsync(JobOrchestration job)
    {
        job.SetStep("wait");
        for (var wait = ShortestWait; ; wait = wait * 2 < LongestWait ? wait * 2 : LongestWait)
        {
            var blob = await job.CallAsync<CheckBlobReady.Result>(ActivityNames.LookAtDrop, job.Job);
            if (job.IsCancelRequested)
                return job.Canceled;
            if (blob.IsReplaced)
                return Replaced(job);
            if (blob.IsUnchanged)
                return job.Succeeded(blob.Reason);
            if (blob.Reason is not null)
                return Refused(job, blob.Reason);
            if (blob.IsComplete)
                break;
            await job.WaitAsync(wait);
        }

        job.SetStep("stage");
        var staged = await job.CallAsync<StageIngestedBlob.Result>(ActivityNames.StageDrop, job.Job);
        if (job.IsCancelRequested)
            return job.Canceled;
        if (staged.IsReplaced)
            return Replaced(job);
        if (staged.Reason is not null)
            return Refused(job, staged.Reason);

        job.SetStep("validate");
        var validated = await job.CallAsync<ValidateIngestedModel.Result>(ActivityNames.CheckArrival, job.Job);
        if (job.IsCancelRequested)
            return job.Canceled;
        if (validated.Model is null)
            return Refused(job, validated.Reason!);

        job.SetStep("register");
        var registered = await job.CallAsync<RegisterIngestedModel.Result>(
            ActivityNames.RegisterArrival, new RegisterIngestedModel.Input(job.Job, validated.Model));
        return registered.Version is null ? Refused(job, registered.Reason!) : job.Succeeded(registered.Reason);
    }

    private static JobResult Refused(JobOrchestration job, string reason) => job.Failed(reason) with { IsRefused = true };

    private static JobResult Replaced(JobOrchestration job) => job.Canceled with
    {
        Reason = "The blob was removed or written again before it was taken in; the new content has a job of its own.",
        IsReplaced = true,
    };
}
