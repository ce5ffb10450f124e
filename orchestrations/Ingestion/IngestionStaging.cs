using Larder.Orchestrations.Jobs;
using Larder.Registry.Jobs;
using Larder.Registry.Publishing;
using Larder.Registry.Storage;

namespace Larder.Orchestrations.Ingestion;

/// <summary>Staging, the same for ingested blobs and uploads: the bytes become an artifact, which the job names as its input.</summary>
/// <param name="staging">Local disk.</param>
/// <param name="artifacts">Where artifacts are.</param>
public sealed class IngestionStaging(StagingArea staging, IArtifactStore artifacts)
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

    /// <summary>Stores what arrives.</summary>
    /// <param name="name"><see cref="JobInput.Name"/>.</param>
    /// <param name="fileName">What its sender calls it.</param>
    /// <param name="content">Read to its end.</param>
    /// <param name="limit">The most bytes.</param>
    /// <param name="sizeBytes">How many there are.</param>
    /// <param name="check">Checks the file before it is stored; throws to refuse it.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    internal async Task<JobInput> StoreAsync(
        string name, string fileName, Stream content, long limit, long? sizeBytes, Action<StagedFile> check, CancellationToken cancellationToken)
    {
        await using var staged = await staging.AddAsync(content, name, limit, sizeBytes, cancellationToken);
        check(staged);
        await artifacts.PutAsync(staged.Path, staged.Sha256, cancellationToken);
        return new JobInput(name, fileName, staged.Sha256, staged.SizeBytes);
    }
}
