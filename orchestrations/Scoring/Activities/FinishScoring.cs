using System.Text.Json;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Ingestion;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Storage;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations.Scoring.Activities;

/// <summary>The clean-up of a scoring: deletes its temporary files, and writes the outcome beside a data set of the container <c>scoring</c>.</summary>
public sealed class FinishScoring(JobSteps steps, JobFiles files, BlobDatasets blobs)
{
    private static readonly TimeSpan CopyLimit = TimeSpan.FromHours(24);

    /// <summary>Deletes the files that only the job's steps needed, and writes the outcome beside a data set of the container <c>scoring</c>.</summary>
    [Function(ActivityNames.FinishScoring)]
    public Task Run([ActivityTrigger] JobResult result, CancellationToken cancellationToken) => steps.RunAsync(
        result.Job,
        "clean_up",
        0,
        async job =>
        {
            if (job.Outputs.Count == 0)
            {
                await files.DropBlocksAsync(job.Id, ScoringPaths.Stored(ScoreOptions.Csv), cancellationToken);
                await files.DropBlocksAsync(job.Id, ScoringPaths.Stored(ScoreOptions.Jsonl), cancellationToken);
            }

            await files.DeleteFileAsync(job.Id, ScoringPaths.Chunks, cancellationToken);
            await files.DeleteFileAsync(job.Id, ScoringPaths.Plan, cancellationToken);
            if (ScoringBlob.PathOf(job) is { } path)
                await WriteBesideAsync(job, path, result, cancellationToken);
            return true;
        },
        cancellationToken: cancellationToken);

    private async Task WriteBesideAsync(Job job, string path, JobResult result, CancellationToken cancellationToken)
    {
        string? scored = null;
        if (job.Outputs is [{ } output, ..])
        {
            scored = ScoringBlob.ScoredOf(path, JobOptions.Of<ScoreOptions>(job).Format!);
            var url = await files.ReadUrlAsync(job.Id, JobPaths.Outputs(1) + output.Path, CopyLimit, cancellationToken);
            await blobs.CopyAsync(url, BlobDatasets.Scoring, scored, cancellationToken);
        }

        var outcome = new
        {
            Job = job.Id,
            job.Model,
            job.Version,
            result.State,
            result.Reason,
            job.Metrics,
            Result = scored is null ? null : $"{BlobDatasets.Scoring}/{scored}",
        };
        // Last: who sees it finds the rows too.
        await blobs.WriteAsync(BlobDatasets.Scoring, ScoringBlob.ResultOf(path), BinaryData.FromBytes(JsonSerializer.SerializeToUtf8Bytes(outcome, RegistryJson.Options)), cancellationToken);
    }
}
