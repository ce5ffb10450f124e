using Larder.Orchestrations.Ingestion.Archives;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Ingestion;
using Larder.Registry.Jobs;
using Larder.Registry.Publishing;
using Larder.Registry.Storage;

namespace Larder.Orchestrations.Ingestion;

/// <summary>Staging, the same for ingested blobs and uploads: the bytes become an artifact, which the job names as its input.</summary>
/// <param name="staging">Local disk.</param>
/// <param name="artifacts">Where artifacts are.</param>
/// <param name="publishing">How large a model may be.</param>
/// <param name="archives">How large an archive may be.</param>
public sealed class IngestionStaging(StagingArea staging, IArtifactStore artifacts, PublishingOptions publishing, ArchiveLimits archives)
{
    /// <summary>Whether a job has its input already, from an earlier try, or from the job that it runs again; it stays then.</summary>
    internal async Task<bool> HasInputAsync(Job job, CancellationToken cancellationToken) =>
        job.Inputs is [var input] && await artifacts.TouchAsync(input.Sha256, cancellationToken);

    /// <summary>The step of an upload that makes what was uploaded the job's input.</summary>
    /// <param name="steps">Where it is written down.</param>
    /// <param name="job">The job's id.</param>
    /// <param name="stage">Gives the input, or what is wrong for good.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>What is wrong; null when nothing is.</returns>
    internal static async Task<string?> StageUploadAsync(
        JobSteps steps, string job, Func<Job, Task<(string? Reason, JobInput? Input)>> stage, CancellationToken cancellationToken)
    {
        var (reason, _) = await steps.RunAsync(
            job,
            "stage",
            0,
            stage,
            (found, staged) => staged.Input is null ? found : found with { Inputs = [staged.Input] },
            staged => staged.Reason ?? $"{staged.Input!.SizeBytes} bytes, SHA-256 {staged.Input.Sha256}.",
            beginsJob: true,
            cancellationToken: cancellationToken);
        return reason;
    }

    /// <summary>Stores a model that arrives, or an archive with one: which of them, says its name, or else its first bytes.</summary>
    /// <param name="fileName">What its sender calls it.</param>
    /// <param name="content">Read to its end.</param>
    /// <param name="sizeBytes">How many bytes there are.</param>
    /// <param name="check">Checks the file before it is stored; throws to refuse it.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    internal async Task<JobInput> StoreAsync(string fileName, Stream content, long? sizeBytes, Action<StagedFile> check, CancellationToken cancellationToken)
    {
        var (name, limit) = IngestedBlob.IsArchive(fileName) ? (IngestionManifest.ArchiveInput, archives.PackedBytes) : (IngestionManifest.ModelInput, publishing.ModelBytes);
        await using var staged = await staging.AddAsync(content, name, limit, sizeBytes, cancellationToken);
        check(staged);
        await artifacts.PutAsync(staged.Path, staged.Sha256, cancellationToken);
        return new JobInput(ArchiveOpener.IsArchive(fileName, staged.Path) ? IngestionManifest.ArchiveInput : IngestionManifest.ModelInput, fileName, staged.Sha256, staged.SizeBytes);
    }
}
