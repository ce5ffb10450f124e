using Larder.Orchestrations.Jobs;
using Larder.Registry.Ingestion;
using Larder.Registry.Jobs;
using Larder.Registry.Storage;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations.Ingestion.Activities;

/// <summary>Tells who dropped a model what became of it: moves a refused blob away, and writes the result beside where it was dropped.</summary>
public sealed class ReportIngestion(JobSteps steps, IngestionContainer drops)
{
    /// <summary>What became of it.</summary>
    /// <param name="Job">The job's id.</param>
    /// <param name="State">How the job ends.</param>
    /// <param name="Reason">Why, in a sentence, when there is something to say.</param>
    /// <param name="Version">The version that it became.</param>
    /// <param name="IsRefused">Whether the blob itself is at fault, and goes.</param>
    /// <param name="IsReplaced">Whether the blob is another one by now, which has a result of its own.</param>
    public sealed record Input(string Job, JobState State, string? Reason, int? Version = null, bool IsRefused = false, bool IsReplaced = false)
    {
        internal static Input Canceled(string job) => new(job, JobState.Canceled, JobEnding.Canceled);

        internal static Input Refused(string job, string reason) => new(job, JobState.Failed, reason, IsRefused: true);

        internal static Input Replaced(string job) => new(
            job, JobState.Canceled, "The blob was removed or written again before it was taken in; what is there now has a job of its own.", IsReplaced: true);
    }

    /// <summary>Runs it.</summary>
    [Function(ActivityNames.ReportDrop)]
    public Task Run([ActivityTrigger] Input input, CancellationToken cancellationToken) => steps.RunAsync(
        input.Job,
        "report",
        0,
        job => ReportAsync(job, input, cancellationToken),
        detail: where => where,
        cancellationToken: cancellationToken);

    private async Task<string?> ReportAsync(Job job, Input input, CancellationToken cancellationToken)
    {
        if (input.IsReplaced || IngestJob.IsReadOnly(job))
            return null;
        var (path, etag) = IngestJob.DropOf(job);
        var moved = input.IsRefused && await drops.RejectAsync(path, etag, input.Reason!, job.Id, cancellationToken) ? $"{IngestionContainer.Rejected}/{path}" : null;
        var result = new DropResult(
            job.Id, input.State, job.Model, input.Version, input.Reason, $"{IngestionContainer.Container}/{path}", etag, moved);
        await drops.WriteResultAsync(path, BinaryData.FromObjectAsJson(result, RegistryJson.Options), cancellationToken);
        return moved is null ? null : $"The blob was moved to {moved}.";
    }

    /// <summary>What is written beside the blob.</summary>
    private sealed record DropResult(
        string Job, JobState State, string Model, int? Version, string? Reason, string Blob, string Etag, string? MovedTo);
}
