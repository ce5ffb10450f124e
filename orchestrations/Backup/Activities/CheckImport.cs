using Larder.Inference;
using Larder.Registry;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations;

/// <summary>Reads all of an archive, checks it and decides what is to be done. Outside the job's own files nothing is written. Done again, models that were checked are not checked again.</summary>
public sealed class CheckImport(
    JobSteps steps, JobFiles files, ArchiveSources sources, RegistryImporter importer, ImportedSchedules schedules, TimeProvider time)
{
    private const string Step = "check";

    /// <summary>Runs it.</summary>
    [Function(ActivityNames.CheckImport)]
    public Task<TransferResult> Run([ActivityTrigger] string job, CancellationToken cancellation) => steps.RunAsync(
        job, Step, 0, found => RunAsync(found, cancellation), detail: result => result.Problem ?? result.Summary, cancellation: cancellation);

    private async Task<TransferResult> RunAsync(Job job, CancellationToken cancellation)
    {
        try
        {
            var plan = await CheckAsync(job, cancellation);
            return new TransferResult(Summary:
                $"{Names.Count(plan.Models.Count, "model")}, {Names.Count(plan.Schedules.Count, "schedule")}, {Names.Count(plan.Artifacts.Count, "artifact")} to bring.");
        }
        catch (JobCanceledException)
        {
            return TransferResult.Canceled;
        }
        catch (Exception e) when (Arrivals.IsRefusal(e) || e is NotFoundException)
        {
            return new TransferResult(e.Message);
        }
    }

    private async Task<ImportPlan> CheckAsync(Job job, CancellationToken cancellation)
    {
        var progress = new TransferProgress(steps, time, job.Id, Step);
        await using var archive = await sources.OpenAsync(job, cancellation);
        var import = await importer.OpenAsync(archive, job.Id, job.Owner ?? ImportJob.Type, cancellation);
        var plan = await import.PlanAsync(
            ImportJob.OptionsOf(job).Selection, schedules.Check, models => progress.NoteAsync(() => $"{Names.Count(models, "model")} read.", cancellation), cancellation);
        await schedules.RequireRoomAsync(plan.Schedules.Count(schedule => schedule.Outcome == ImportOutcome.Created), cancellation);

        var done = 0;
        foreach (var artifact in plan.Artifacts)
        {
            var path = TransferPaths.Description(artifact.Sha256);
            if (!artifact.IsModel || await files.GetPropertiesAsync(job.Id, path, cancellation) is null)
            {
                if (await import.CheckArtifactAsync(artifact, cancellation) is { } description)
                    await files.WriteAsync(job.Id, path, BinaryData.FromObjectAsJson<ModelDescription>(description, RegistryJson.Options), cancellation);
            }

            done++;
            await progress.NoteAsync(() => $"{done} of {Names.Count(plan.Artifacts.Count, "artifact")} checked.", cancellation);
        }

        await files.WriteAsync(job.Id, TransferPaths.Plan, BinaryData.FromObjectAsJson(plan, RegistryJson.Options), cancellation);
        return plan;
    }
}
