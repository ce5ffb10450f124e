using Larder.Orchestrations.Jobs;
using Larder.Registry.Errors;
using Larder.Registry.Ingestion;
using Larder.Registry.Jobs;
using Larder.Registry.Models;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations.Ingestion.Activities;

/// <summary>Checks whether a blob is complete: no copy into it is under way, and a blob that may grow has not been written to for <c>Ingestion:QuietPeriod</c>.</summary>
public sealed class CheckBlobReady(JobSteps steps, IngestionContainer container, ModelRegistry registry, IngestionOptions options, TimeProvider time)
{
    /// <summary>What it saw.</summary>
    /// <param name="IsComplete">Whether it is complete.</param>
    /// <param name="IsReplaced">Whether it is gone, or has other content than the job is about; that has a job of its own.</param>
    /// <param name="Reason">Why it will not be waited for any longer, or what it was made before.</param>
    /// <param name="IsUnchanged">Whether a version was made of this content before, and no other is wanted.</param>
    /// <param name="Version">That version, unless it was deleted.</param>
    public sealed record Result(bool IsComplete = false, bool IsReplaced = false, string? Reason = null, bool IsUnchanged = false, int? Version = null);

    private const int Page = 1000;

    /// <summary>Checks the blob of a job; called again until it is complete.</summary>
    [Function(ActivityNames.LookAtDrop)]
    public Task<Result> Run([ActivityTrigger] string job, CancellationToken cancellationToken) => steps.RunAsync(
        job,
        "wait",
        0,
        found => LookAsync(found, cancellationToken),
        (found, result) => result.Version is { } version ? found with { Version = version } : found,
        result => result switch
        {
            { IsComplete: true } => "The blob is complete.",
            { IsReplaced: true } => "The blob is gone, or another one.",
            _ => result.Reason ?? "The blob is still being written.",
        },
        result => result is not { IsComplete: false, IsReplaced: false, Reason: null },
        beginsJob: true,
        cancellationToken: cancellationToken);

    private async Task<Result> LookAsync(Job job, CancellationToken cancellationToken)
    {
        // Taken in by the job that this one runs again; a refused blob is not there any more.
        if (job.Inputs.Count > 0)
            return new Result(IsComplete: true);
        var (path, etag) = IngestJob.DropOf(job);
        if (await container.FindAsync(path, cancellationToken) is not { } blob || blob.ETag != etag)
            return new Result(IsReplaced: true);
        if (IngestJob.IsReadOnly(job) && await FindMadeAsync(ModelName.Parse(job.Model), IngestionManifest.Of(path, etag), cancellationToken) is { } made)
            return made;
        var now = time.GetUtcNow();
        if (!blob.IsCopying && (!blob.GrowsInPlace || now - blob.Modified >= options.QuietPeriod))
            return new Result(IsComplete: true);
        return now - job.Created < options.Timeout
            ? new Result()
            : new Result(Reason: $"The blob was not complete within {options.Timeout.TotalMinutes:0} minutes: it is still being written.");
    }

    /// <summary>What was made of the same content of the same blob.</summary>
    private async Task<Result?> FindMadeAsync(ModelName model, IngestionManifest arrival, CancellationToken cancellationToken)
    {
        try
        {
            if (await registry.FindByKeyAsync(model, arrival.Once!, cancellationToken) is { Version.Version: var made })
                return Unchanged(made);
            // Keys of publications are forgotten after some months; versions are not.
            string? cursor = null;
            do
            {
                var page = await registry.ListVersionsAsync(model, Page, cursor, cancellationToken);
                if (page.Items.LastOrDefault(version => version.Source == arrival.Source) is { } version)
                    return Unchanged(version.Version);
                cursor = page.Cursor;
            }
            while (cursor is not null);
        }
        catch (NotFoundException)
        {
            // The model's first version is to come.
        }
        catch (ConflictException e)
        {
            return new Result(IsUnchanged: true, Reason: $"The blob has not changed. {e.Message}");
        }

        return null;
    }

    private static Result Unchanged(int version) =>
        new(IsUnchanged: true, Version: version, Reason: $"The blob has not changed since version {version} was made of it.");
}
