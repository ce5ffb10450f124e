using Larder.Inference;
using Larder.Orchestrations.Backup.Archives;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Backup;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations.Backup.Activities;

/// <summary>Stores the artifacts that an import needs, all of them checked. Done again, those that are there are touched.</summary>
public sealed class StoreImport(JobSteps steps, JobFiles files, ArchiveSources sources, RegistryImporter importer, TimeProvider time)
{
    private const string Step = "store";

    /// <summary>Stores the artifacts of an import that is checked.</summary>
    [Function(ActivityNames.StoreImport)]
    public Task<StepResult> Run([ActivityTrigger] string job, CancellationToken cancellationToken) => steps.RunAsync(
        job, Step, 0, found => RunAsync(found, cancellationToken), detail: result => result.Problem ?? result.Summary, cancellationToken: cancellationToken);

    private async Task<StepResult> RunAsync(Job job, CancellationToken cancellationToken)
    {
        try
        {
            var progress = new StepProgress(steps, time, job.Id, Step);
            var plan = await ImportFiles.ReadPlanAsync(files, job.Id, cancellationToken);
            await using var archive = await sources.OpenAsync(job, cancellationToken);
            var import = await importer.OpenAsync(archive, job.Id, job.Owner ?? ImportJob.Type, cancellationToken);
            var (done, bytes) = (0, 0L);
            foreach (var artifact in plan.Artifacts)
            {
                await import.StoreArtifactAsync(artifact, cancellationToken);
                (done, bytes) = (done + 1, bytes + artifact.SizeBytes);
                await progress.NoteAsync(() => $"{done} of {MessageFormat.Count(plan.Artifacts.Count, "artifact")}, {MessageFormat.Count(bytes, "byte")}.", cancellationToken);
            }

            return new StepResult(Summary: $"{MessageFormat.Count(done, "artifact")}, {MessageFormat.Count(bytes, "byte")}.");
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
}
