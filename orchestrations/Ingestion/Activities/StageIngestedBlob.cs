using Larder.Inference;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Errors;
using Larder.Registry.Ingestion;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Publishing;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations.Ingestion.Activities;

/// <summary>Copies a drop to where it can be relied on: an artifact under the hash of its bytes, which the job names as its input.</summary>
public sealed class StageIngestedBlob(JobSteps steps, JobFiles files, IngestionContainer container, IngestionStaging arrivals)
{
    /// <summary>The outcome.</summary>
    /// <param name="IsReplaced">Whether the blob is gone, or has other content by now.</param>
    /// <param name="Reason">Why it cannot be taken in.</param>
    public sealed record Result(bool IsReplaced = false, string? Reason = null);

    /// <summary>Stages the blob of a job.</summary>
    [Function(ActivityNames.StageDrop)]
    public async Task<Result> Run([ActivityTrigger] string job, CancellationToken cancellationToken)
    {
        var (result, _) = await steps.RunAsync(
            job,
            "stage",
            0,
            found => StageAsync(found, cancellationToken),
            (found, staged) => staged.Input is null ? found : found with { Inputs = [staged.Input] },
            staged => staged.Result.Reason ?? (staged.Input is { } input ? $"{input.SizeBytes} bytes, SHA-256 {input.Sha256}." : null),
            cancellationToken: cancellationToken);
        return result;
    }

    private async Task<(Result Result, JobInput? Input)> StageAsync(Job job, CancellationToken cancellationToken)
    {
        var (path, etag) = IngestJob.DropOf(job);
        await IngestionManifest.Of(path, etag).WriteAsync(files, job.Id, cancellationToken);
        if (await arrivals.HasInputAsync(job, cancellationToken))
            return (new Result(), job.Inputs[0]);

        await using var content = await container.OpenReadAsync(path, etag, cancellationToken);
        if (content is null)
            return (new Result(IsReplaced: true), null);
        try
        {
            return (new Result(), await arrivals.StoreAsync(IngestedBlob.FileNameOf(path), content, null, RequireContent, cancellationToken));
        }
        catch (LarderException e) when (e.IsPermanent)
        {
            return (new Result(Reason: e.Message), null);
        }
    }

    private static void RequireContent(StagedFile staged)
    {
        if (staged.SizeBytes == 0)
            throw new InvalidRequestException("The blob is empty.");
    }
}
