using System.Text.Json;
using Larder.Registry;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations;

/// <summary>Removes what a scoring needed only on its way, and writes the outcome beside a data set that was dropped.</summary>
public sealed class FinishScoring(JobSteps steps, JobFiles files, DropFiles drops)
{
    private static readonly TimeSpan s_copyLimit = TimeSpan.FromHours(24);

    /// <summary>How the job ends.</summary>
    /// <param name="Job">The job's id.</param>
    /// <param name="State">A final state.</param>
    /// <param name="Reason">Why, in a sentence.</param>
    public sealed record Input(string Job, JobState State, string? Reason);

    /// <summary>Runs it.</summary>
    [Function(ActivityNames.FinishScoring)]
    public Task Run([ActivityTrigger] Input input, CancellationToken cancellation) => steps.RunAsync(
        input.Job,
        "clean_up",
        0,
        async job =>
        {
            if (job.Outputs.Count == 0)
            {
                await files.DropBlocksAsync(job.Id, ScoringPaths.Stored(ScoreOptions.Csv), cancellation);
                await files.DropBlocksAsync(job.Id, ScoringPaths.Stored(ScoreOptions.Jsonl), cancellation);
            }

            await files.DeleteFileAsync(job.Id, ScoringPaths.Chunks, cancellation);
            await files.DeleteFileAsync(job.Id, ScoringPaths.Plan, cancellation);
            if (ScoringDrop.PathOf(job) is { } path)
                await WriteBesideAsync(job, path, input, cancellation);
            return true;
        },
        cancellation: cancellation);

    private async Task WriteBesideAsync(Job job, string path, Input input, CancellationToken cancellation)
    {
        string? result = null;
        if (job.Outputs is [{ } output, ..])
        {
            result = ScoringDrop.ScoredOf(path, ScoreJob.OptionsOf(job).Format!);
            var url = await files.ReadUrlAsync(job.Id, JobPaths.Outputs(1) + output.Path, s_copyLimit, cancellation);
            await drops.CopyAsync(url, DropFiles.Scoring, result, cancellation);
        }

        var outcome = new
        {
            Job = job.Id,
            job.Model,
            job.Version,
            input.State,
            input.Reason,
            job.Metrics,
            Result = result is null ? null : $"{DropFiles.Scoring}/{result}",
        };
        // Last: who sees it finds the rows too.
        await drops.WriteAsync(DropFiles.Scoring, ScoringDrop.ResultOf(path), BinaryData.FromBytes(JsonSerializer.SerializeToUtf8Bytes(outcome, RegistryJson.Options)), cancellation);
    }
}
