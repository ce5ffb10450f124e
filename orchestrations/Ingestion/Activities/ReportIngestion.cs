using Larder.Orchestrations.Jobs;
using Larder.Registry.Ingestion;
using Larder.Registry.Jobs;
using Larder.Registry.Storage;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations.Ingestion.Activities;

/// <summary>Reports the result of an ingestion: moves a refused blob to the container <c>rejected</c>, and writes the result beside the place of the blob.</summary>
public sealed class ReportIngestion(JobSteps steps, IngestionContainer container)
{
    /// <summary>Writes the result of a job beside its blob; not for a blob that is only read, nor for one that was replaced.</summary>
    [Function(ActivityNames.ReportDrop)]
    public Task Run([ActivityTrigger] JobResult result, CancellationToken cancellationToken) => steps.RunAsync(
        result.Job,
        "report",
        0,
        job => ReportAsync(job, result, cancellationToken),
        detail: where => where,
        cancellationToken: cancellationToken);

    private async Task<string?> ReportAsync(Job job, JobResult result, CancellationToken cancellationToken)
    {
        if (result.IsReplaced || IngestJob.IsReadOnly(job))
            return null;
        var (path, etag) = IngestJob.DropOf(job);
        var moved = result.IsRefused && await container.RejectAsync(path, etag, result.Reason!, job.Id, cancellationToken) ? $"{IngestionContainer.Rejected}/{path}" : null;
        var version = result.State == JobState.Succeeded ? job.Version : null;
        var report = new Report(
            job.Id, result.State, job.Model, version, result.Reason, $"{IngestionContainer.Container}/{path}", etag, moved);
        await container.WriteResultAsync(path, BinaryData.FromObjectAsJson(report, RegistryJson.Options), cancellationToken);
        return moved is null ? null : $"The blob was moved to {moved}.";
    }

    /// <summary>What is written beside the blob.</summary>
    private sealed record Report(
        string Job, JobState State, string Model, int? Version, string? Reason, string Blob, string Etag, string? MovedTo);
}
