using Larder.Inference;
using Larder.Inference.Signatures;
using Larder.Orchestrations.Backup.Archives;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Backup;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Storage;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations.Backup.Activities;

/// <summary>Reads all of an archive, checks it and decides what is to be done. Outside the job's own files nothing is written. Done again, models that were checked are not checked again.</summary>
public sealed class CheckImport(
    JobSteps steps, JobFiles files, ArchiveSources sources, RegistryImporter importer, ImportedSchedules schedules, TimeProvider time)
{
    private const string Step = "check";

    /// <summary>Checks the archive of an import.</summary>
    [Function(ActivityNames.CheckImport)]
    public Task<StepResult> Run([ActivityTrigger] string job, CancellationToken cancellationToken) => steps.RunAsync(
        job, Step, 0, found => RunAsync(found, cancellationToken), detail: result => result.Problem ?? result.Summary, cancellationToken: cancellationToken);

    private async Task<StepResult> RunAsync(Job job, CancellationToken cancellationToken)
    {
        try
        {
            var plan = await CheckAsync(job, cancellationToken);
            return new StepResult(Summary:
                $"{MessageFormat.Count(plan.Models.Count, "model")}, {MessageFormat.Count(plan.Schedules.Count, "schedule")}, {MessageFormat.Count(plan.Artifacts.Count, "artifact")} to bring.");
        }
        catch (JobCanceledException)
        {
            return StepResult.Canceled;
        }
        catch (LarderException e) when (e.IsPermanent)
        {
            return new StepResult(e.Message);
        }
    }

    private async Task<ImportPlan> CheckAsync(Job job, CancellationToken cancellationToken)
    {
        var progress = new StepProgress(steps, time, job.Id, Step);
        await using var archive = await sources.OpenAsync(job, cancellationToken);
        var import = await importer.OpenAsync(archive, job.Id, job.Owner ?? ImportJob.Type, cancellationToken);
        var plan = await import.PlanAsync(
            JobOptions.Of<ImportOptions>(job).Selection, schedules.Check, models => progress.NoteAsync(() => $"{MessageFormat.Count(models, "model")} read.", cancellationToken), cancellationToken);
        await schedules.RequireRoomAsync(plan.Schedules.Count(schedule => schedule.Outcome == ImportOutcome.Created), cancellationToken);

        var done = 0;
        foreach (var artifact in plan.Artifacts)
        {
            var path = BackupPaths.Description(artifact.Sha256);
            if (!artifact.IsModel || await files.GetPropertiesAsync(job.Id, path, cancellationToken) is null)
            {
                if (await import.CheckArtifactAsync(artifact, cancellationToken) is { } description)
                    await files.WriteAsync(job.Id, path, BinaryData.FromObjectAsJson<ModelDescription>(description, RegistryJson.Options), cancellationToken);
            }

            done++;
            await progress.NoteAsync(() => $"{done} of {MessageFormat.Count(plan.Artifacts.Count, "artifact")} checked.", cancellationToken);
        }

        foreach (var manifest in plan.Manifests)
        {
            var path = BackupPaths.Description(manifest.Sha256);
            if (await files.GetPropertiesAsync(job.Id, path, cancellationToken) is null)
            {
                var description = await import.CheckManifestAsync(manifest, cancellationToken);
                await files.WriteAsync(job.Id, path, BinaryData.FromObjectAsJson<ModelDescription>(description, RegistryJson.Options), cancellationToken);
            }
        }

        await files.WriteAsync(job.Id, BackupPaths.Plan, BinaryData.FromObjectAsJson(plan, RegistryJson.Options), cancellationToken);
        return plan;
    }
}
