using Larder.Registry;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations;

/// <summary>Copies a drop to where it can be relied on: an artifact under the hash of its bytes, which the job names as its input.</summary>
public sealed class StageDrop(
    JobSteps steps, JobFiles files, DropBox drops, Arrivals arrivals, PublishingOptions publishing, ArchiveLimits archives)
{
    /// <summary>What came of it.</summary>
    /// <param name="IsReplaced">Whether the blob is gone, or has other content by now.</param>
    /// <param name="Reason">Why it cannot be taken in.</param>
    public sealed record Result(bool IsReplaced = false, string? Reason = null);

    /// <summary>Runs it.</summary>
    [Function(ActivityNames.StageDrop)]
    public async Task<Result> Run([ActivityTrigger] string job, CancellationToken cancellation)
    {
        var (result, _) = await steps.RunAsync(
            job,
            "stage",
            0,
            found => StageAsync(found, cancellation),
            (found, staged) => staged.Input is null ? found : found with { Inputs = [staged.Input] },
            staged => staged.Result.Reason ?? (staged.Input is { } input ? $"{input.SizeBytes} bytes, SHA-256 {input.Sha256}." : null),
            cancellation);
        return result;
    }

    private async Task<(Result Result, JobInput? Input)> StageAsync(Job job, CancellationToken cancellation)
    {
        var (path, etag) = IngestJob.DropOf(job);
        await Arrival.Of(path, etag).WriteAsync(files, job.Id, cancellation);
        if (await arrivals.HasInputAsync(job, cancellation))
            return (new Result(), job.Inputs[0]);

        await using var content = await drops.OpenReadAsync(path, etag, cancellation);
        if (content is null)
            return (new Result(IsReplaced: true), null);
        var (name, limit) = Drop.IsArchive(path) ? (Arrival.ArchiveInput, archives.PackedBytes) : (Arrival.ModelInput, publishing.ModelBytes);
        try
        {
            return (new Result(), await arrivals.StoreAsync(name, Drop.FileNameOf(path), content, limit, null, RequireContent, cancellation));
        }
        catch (Exception e) when (Arrivals.IsRefusal(e))
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
