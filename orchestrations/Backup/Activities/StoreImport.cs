using Larder.Registry;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations;

/// <summary>Stores the artifacts that an import needs, all of them checked. Done again, those that are there are touched.</summary>
public sealed class StoreImport(JobSteps steps, JobFiles files, ArchiveSources sources, RegistryImporter importer, TimeProvider time)
{
    private const string Step = "store";

    /// <summary>Runs it.</summary>
    [Function(ActivityNames.StoreImport)]
    public Task<TransferResult> Run([ActivityTrigger] string job, CancellationToken cancellation) => steps.RunAsync(
        job, Step, 0, found => RunAsync(found, cancellation), detail: result => result.Problem ?? result.Summary, cancellation: cancellation);

    private async Task<TransferResult> RunAsync(Job job, CancellationToken cancellation)
    {
        try
        {
            var progress = new TransferProgress(steps, time, job.Id, Step);
            var plan = await ImportFiles.ReadPlanAsync(files, job.Id, cancellation);
            await using var archive = await sources.OpenAsync(job, cancellation);
            var import = await importer.OpenAsync(archive, job.Id, job.Owner ?? ImportJob.Type, cancellation);
            var (done, bytes) = (0, 0L);
            foreach (var artifact in plan.Artifacts)
            {
                await import.StoreArtifactAsync(artifact, cancellation);
                (done, bytes) = (done + 1, bytes + artifact.SizeBytes);
                await progress.NoteAsync(() => $"{done} of {Names.Count(plan.Artifacts.Count, "artifact")}, {Names.Count(bytes, "byte")}.", cancellation);
            }

            return new TransferResult(Summary: $"{Names.Count(done, "artifact")}, {Names.Count(bytes, "byte")}.");
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
}
