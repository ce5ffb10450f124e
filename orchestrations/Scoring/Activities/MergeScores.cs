using Larder.Orchestrations.Jobs;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Storage;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations.Scoring.Activities;

/// <summary>Makes the blocks of all chunks one file, in order, without reading them; or tells which chunks have none.</summary>
public sealed class MergeScores(JobSteps steps, JobFiles files)
{
    private const long MaxPlanBytes = 64 << 20;
    private const int MostMissing = 1000;

    /// <summary>Commits the result of a job, if no block is missing.</summary>
    /// <returns>Chunks that are missing, from 0; as many as are to be made before this is tried again. None: it is done.</returns>
    [Function(ActivityNames.MergeScores)]
    public async Task<IReadOnlyList<int>> Run([ActivityTrigger] string job, CancellationToken cancellationToken)
    {
        var merged = await steps.RunAsync(
            job,
            "merge",
            0,
            found => MergeAsync(found, cancellationToken),
            (now, result) => result.Output is null ? now : now with { Outputs = [result.Output] },
            result => result.Output is null ? $"{MessageFormat.Count(result.Missing.Count, "chunk")} missing." : $"{result.Output.SizeBytes} bytes.",
            cancellationToken: cancellationToken);
        return merged.Missing;
    }

    private async Task<Merged> MergeAsync(Job job, CancellationToken cancellationToken)
    {
        var plan = (await files.ReadAsync(job.Id, ScoringPaths.Plan, MaxPlanBytes, cancellationToken) ?? throw new InvalidOperationException("The scoring has no plan."))
            .ToObjectFromJson<ScoringPlan>(RegistryJson.Options)!;
        var path = ScoringPaths.Stored(plan.Format);
        // It was there before this was killed; blocks that came since are a late repetition.
        var done = await files.GetPropertiesAsync(job.Id, path, cancellationToken);
        if (done is null)
        {
            var blocks = await files.ListStagedBlocksAsync(job.Id, path, cancellationToken);
            var (missing, whole) = Check(plan, blocks);
            if (missing.Count > 0)
                return new Merged(null, missing);
            done = await files.CommitBlocksAsync(job.Id, path, whole, plan.IsCsv ? "text/csv; charset=utf-8" : "application/x-ndjson", cancellationToken);
        }

        return new Merged(new JobOutput(ScoringPaths.Result(plan.Format), done.SizeBytes, null, done.ETag), []);
    }

    /// <summary>Which chunks lack a block, and which blocks make up the file.</summary>
    internal static (IReadOnlyList<int> Missing, IReadOnlyList<string> Blocks) Check(ScoringPlan plan, IReadOnlyList<string> blocks)
    {
        var missing = new List<int>();
        var there = blocks.ToHashSet(StringComparer.Ordinal);
        var whole = new List<string>();
        for (var chunk = plan.IsCsv ? 0 : 1; chunk <= plan.Chunks && missing.Count < MostMissing; chunk++)
        {
            var part = 0;
            for (; there.Contains(ScoringPaths.Block(chunk, part, isLast: false)); part++)
                whole.Add(ScoringPaths.Block(chunk, part, isLast: false));
            var last = ScoringPaths.Block(chunk, part, isLast: true);
            if (there.Contains(last))
                whole.Add(last);
            else
                missing.Add(chunk - 1);
        }

        return (missing, whole);
    }

    private sealed record Merged(JobOutput? Output, IReadOnlyList<int> Missing);
}
