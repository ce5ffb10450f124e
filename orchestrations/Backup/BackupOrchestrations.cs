using Larder.Orchestrations.Jobs;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace Larder.Orchestrations.Backup;

/// <summary>The export job: one step writes the archive, and begins anew after a crash.</summary>
public static class ExportRegistry
{
    /// <summary>Runs the job whose id is the instance's input.</summary>
    [Function(OrchestrationNames.ExportRegistry)]
    public static Task Run([OrchestrationTrigger] TaskOrchestrationContext context) => BackupSteps.RunAsync(context, ActivityNames.WriteExport);
}

/// <summary>
/// The import job: copy the archive if it is behind a URL, check all of it, store its artifacts, register its models. A cancellation has an effect until
/// registering begins.
/// </summary>
public static class ImportRegistry
{
    /// <summary>Runs the job whose id is the instance's input.</summary>
    [Function(OrchestrationNames.ImportRegistry)]
    public static Task Run([OrchestrationTrigger] TaskOrchestrationContext context) =>
        BackupSteps.RunAsync(context, ActivityNames.FetchArchive, ActivityNames.CheckImport, ActivityNames.StoreImport, ActivityNames.RegisterImport);
}

/// <summary>Exports and imports call one activity after the other, until one reports a problem.</summary>
file static class BackupSteps
{
    public static Task RunAsync(TaskOrchestrationContext context, params string[] steps) =>
        JobOrchestration.RunAsync(context, context.GetInput<string>()!, job => RunAsync(job, steps), ActivityNames.FinishTransfer);

    private static async Task<JobResult?> RunAsync(JobOrchestration job, string[] steps)
    {
        string? summary = null;
        foreach (var step in steps)
        {
            if (job.IsCancelRequested)
                return job.Canceled;
            var result = await job.CallAsync<StepResult>(step, job.Job);
            if (result.Problem is { } problem)
                return result.IsCanceled ? job.Canceled : job.Failed(problem);
            summary = result.Summary;
        }

        return job.Succeeded(summary);
    }
}
