using Larder.Orchestrations.Jobs;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace Larder.Orchestrations.Uploads;

/// <summary>
/// The job of a data set that was uploaded in blocks: check size and hash, give the data set its name, delete the blocks. A cancellation has an effect until
/// the data set gets its name.
/// </summary>
public static class ReceiveDataset
{
    /// <summary>Runs the job whose id is the instance's input.</summary>
    [Function(OrchestrationNames.ReceiveDataset)]
    public static Task Run([OrchestrationTrigger] TaskOrchestrationContext context) =>
        JobOrchestration.RunAsync(context, context.GetInput<string>()!, ReceiveAsync);

    private static async Task<JobResult?> ReceiveAsync(JobOrchestration job)
    {
        job.SetStep("stage");
        if (await job.CallAsync<string?>(ActivityNames.StageDataset, job.Job) is { } problem)
            return job.Failed(problem);
        if (job.IsCancelRequested)
            return job.Canceled;

        job.SetStep("register");
        var outcome = await job.CallAsync<string>(ActivityNames.RegisterDataset, job.Job);

        job.SetStep("clean_up");
        await job.CallAsync(ActivityNames.ReleaseUpload, job.Job);
        return job.Succeeded(outcome);
    }
}
