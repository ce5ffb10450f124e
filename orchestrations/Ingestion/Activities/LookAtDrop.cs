using Larder.Registry;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations;

/// <summary>Looks whether a dropped blob is complete: nobody copies into it, and, if it may grow, nobody wrote to it for a while.</summary>
public sealed class LookAtDrop(JobSteps steps, DropBox drops, IngestionOptions options, TimeProvider time)
{
    /// <summary>What it saw.</summary>
    /// <param name="IsComplete">Whether it is complete.</param>
    /// <param name="IsReplaced">Whether it is gone, or has other content than the job is about; that has a job of its own.</param>
    /// <param name="Reason">Why it will not be waited for any longer.</param>
    public sealed record Result(bool IsComplete = false, bool IsReplaced = false, string? Reason = null);

    /// <summary>Runs it.</summary>
    [Function(nameof(LookAtDrop))]
    public Task<Result> Run([ActivityTrigger] string job, CancellationToken cancellation) => steps.RunAsync(
        job,
        "wait",
        0,
        found => LookAsync(found, cancellation),
        detail: result => result switch
        {
            { IsComplete: true } => "The blob is complete.",
            { IsReplaced: true } => "The blob is gone, or another one.",
            _ => result.Reason ?? "The blob is still being written.",
        },
        cancellation: cancellation);

    private async Task<Result> LookAsync(Job job, CancellationToken cancellation)
    {
        // Taken in by the job that this one runs again; a refused blob is not there any more.
        if (job.Inputs.Count > 0)
            return new Result(IsComplete: true);
        var (path, etag) = IngestJob.DropOf(job);
        if (await drops.FindAsync(path, cancellation) is not { } drop || drop.ETag != etag)
            return new Result(IsReplaced: true);
        var now = time.GetUtcNow();
        if (!drop.IsCopying && (!drop.GrowsInPlace || now - drop.Modified >= options.Settle))
            return new Result(IsComplete: true);
        return now - job.Created < options.Patience
            ? new Result()
            : new Result(Reason: $"The blob was not complete within {options.Patience.TotalMinutes:0} minutes: it is still being written.");
    }
}
