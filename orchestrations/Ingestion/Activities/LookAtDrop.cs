using Larder.Registry;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations;

/// <summary>Looks whether a dropped blob is complete: nobody copies into it, and, if it may grow, nobody wrote to it for a while.</summary>
public sealed class LookAtDrop(JobSteps steps, DropBox drops, ModelRegistry registry, IngestionOptions options, TimeProvider time)
{
    /// <summary>What it saw.</summary>
    /// <param name="IsComplete">Whether it is complete.</param>
    /// <param name="IsReplaced">Whether it is gone, or has other content than the job is about; that has a job of its own.</param>
    /// <param name="Reason">Why it will not be waited for any longer, or what it was made before.</param>
    /// <param name="IsUnchanged">Whether a version was made of this content before, and no other is wanted.</param>
    /// <param name="Version">That version, unless it was deleted.</param>
    public sealed record Result(bool IsComplete = false, bool IsReplaced = false, string? Reason = null, bool IsUnchanged = false, int? Version = null);

    private const int Page = 1000;

    /// <summary>Runs it.</summary>
    [Function(ActivityNames.LookAtDrop)]
    public Task<Result> Run([ActivityTrigger] string job, CancellationToken cancellation) => steps.RunAsync(
        job,
        "wait",
        0,
        found => LookAsync(found, cancellation),
        (found, result) => result.Version is { } version ? found with { Version = version } : found,
        result => result switch
        {
            { IsComplete: true } => "The blob is complete.",
            { IsReplaced: true } => "The blob is gone, or another one.",
            _ => result.Reason ?? "The blob is still being written.",
        },
        cancellation);

    private async Task<Result> LookAsync(Job job, CancellationToken cancellation)
    {
        // Taken in by the job that this one runs again; a refused blob is not there any more.
        if (job.Inputs.Count > 0)
            return new Result(IsComplete: true);
        var (path, etag) = IngestJob.DropOf(job);
        if (await drops.FindAsync(path, cancellation) is not { } drop || drop.ETag != etag)
            return new Result(IsReplaced: true);
        if (IngestJob.IsReadOnly(job) && await FindMadeAsync(job.Model, Arrival.Of(path, etag), cancellation) is { } made)
            return made;
        var now = time.GetUtcNow();
        if (!drop.IsCopying && (!drop.GrowsInPlace || now - drop.Modified >= options.Settle))
            return new Result(IsComplete: true);
        return now - job.Created < options.Patience
            ? new Result()
            : new Result(Reason: $"The blob was not complete within {options.Patience.TotalMinutes:0} minutes: it is still being written.");
    }

    /// <summary>What was made of the same content of the same blob.</summary>
    private async Task<Result?> FindMadeAsync(string model, Arrival arrival, CancellationToken cancellation)
    {
        try
        {
            if (await registry.FindOnceAsync(model, arrival.Once, cancellation) is { Version.Version: var made })
                return Unchanged(made);
            // Keys of publications are forgotten after some months; versions are not.
            string? cursor = null;
            do
            {
                var page = await registry.ListVersionsAsync(model, Page, cursor, cancellation);
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
