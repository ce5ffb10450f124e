using Larder.Orchestrations.Jobs;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace Larder.Orchestrations.Drift;

/// <summary>The job that compares two data sets: fetch the one that may be elsewhere, compare. Both steps begin anew after a crash, and give the same.</summary>
public static class DetectDrift
{
    /// <summary>Runs the job whose id is the instance's input.</summary>
    [Function(OrchestrationNames.DetectDrift)]
    public static Task Run([OrchestrationTrigger] TaskOrchestrationContext context) => JobOrchestration.RunAsync(context, context.GetInput<string>()!, RunAsync);

    private static async Task<JobResult?> RunAsync(JobOrchestration job)
    {
        job.SetStep("fetch");
        if (await job.CallAsync<string?>(ActivityNames.FetchDataset, job.Job) is { } problem)
            return job.Failed(problem);
        if (job.IsCancelRequested)
            return job.Canceled;
        job.SetStep("compare");
        var compared = await job.CallAsync<StepResult>(ActivityNames.CompareDatasets, job.Job);
        return compared.IsCanceled ? job.Canceled : compared.Problem is { } why ? job.Failed(why) : job.Succeeded(compared.Summary);
    }
}
