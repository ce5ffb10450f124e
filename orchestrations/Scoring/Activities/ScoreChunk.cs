using System.Buffers;
using Larder.Inference;
using Larder.Inference.Rows;
using Larder.Inference.Sessions;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Scoring.Rows;
using Larder.Orchestrations.Scoring.Splitting;
using Larder.Registry.Catalog;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Storage;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations.Scoring.Activities;

/// <summary>Scores one chunk and stores its part of the result. Again, it stores the same.</summary>
public sealed class ScoreChunk(JobStore jobs, JobFiles files, IArtifactStore artifacts, ModelCatalog catalog, SessionCache sessions, ScoringLimits limits)
{
    private const long MaxPlanBytes = 64 << 20;

    // A job waits for memory, since predictions come first; after the timeout the activity is tried again.
    private static readonly TimeSpan BudgetTimeout = TimeSpan.FromMinutes(10);

    /// <summary>Which.</summary>
    /// <param name="Job">The job's id.</param>
    /// <param name="Chunk">The chunk, from 0.</param>
    /// <param name="MostErrors">The job fails with more errors than these, and the chunk stops there; null for any number.</param>
    public sealed record Input(string Job, int Chunk, long? MostErrors);

    /// <summary>The outcome.</summary>
    /// <param name="Rows">Rows.</param>
    /// <param name="Errors">Those of them that could not be scored.</param>
    /// <param name="FirstErrorRow">The first of them, from 1 in the data set.</param>
    /// <param name="FirstError">Why it could not.</param>
    /// <param name="Reason">Why no chunk can be; null when they can.</param>
    public sealed record Result(long Rows, long Errors, long FirstErrorRow = 0, string? FirstError = null, string? Reason = null);

    /// <summary>Scores a chunk; a repetition stores the same blocks.</summary>
    [Function(ActivityNames.ScoreChunk)]
    public async Task<Result> Run([ActivityTrigger] Input input, CancellationToken cancellationToken)
    {
        var job = await jobs.GetAsync(input.Job, cancellationToken);
        try
        {
            return await ScoreAsync(job, input, cancellationToken);
        }
        catch (LarderException e) when (e.IsPermanent)
        {
            return new Result(0, 0, Reason: e.Message);
        }
    }

    private async Task<Result> ScoreAsync(Job job, Input input, CancellationToken cancellationToken)
    {
        var plan = (await files.ReadAsync(job.Id, ScoringPaths.Plan, MaxPlanBytes, cancellationToken) ?? throw Missing()).ToObjectFromJson<ScoringPlan>(RegistryJson.Options)!;
        var chunk = await ChunkAsync(job.Id, input.Chunk, cancellationToken);
        var model = await catalog.ResolveAsync($"{job.Model}:{job.Version}", cancellationToken);
        using var lease = await sessions.LeaseAsync(model.Servable, cancellationToken);
        // The chunk, and the tensors of a batch of its rows.
        var work = sessions.Memory.Work;
        var taken = Math.Min(chunk.Length + RowBatch.MostBytes, work.Most);
        await work.TakeAsync(taken, cancellationToken, BudgetTimeout);
        var bytes = ArrayPool<byte>.Shared.Rent((int)chunk.Length + 1);
        try
        {
            // Behind a blank line, so that the first row cannot be taken for a byte order mark.
            bytes[0] = (byte)'\n';
            var data = bytes.AsMemory(1, (int)chunk.Length);
            await new StoredDataset(artifacts, job.Inputs.Single(), limits).ReadAsync(chunk.Offset, data, cancellationToken);
            using var rows = plan.Open(bytes.AsMemory(0, (int)chunk.Length + 1), lease.Model.Signature);
            var part = 0;
            var scorer = new ChunkScorer(plan, lease.Model, new ResultWriter(plan, job.Version!.Value), (content, isLast) => files.StageBlockAsync(
                job.Id, ScoringPaths.Stored(plan.Format), ScoringPaths.Block(input.Chunk + 1, part++, isLast), content, cancellationToken));
            var most = input.MostErrors ?? long.MaxValue;
            var result = await scorer.ScoreAsync(rows, most, cancellationToken);
            if (result.Rows != chunk.Rows && result.Errors <= most)
                return new Result(0, 0, Reason: $"From row {chunk.FirstRow} on the data set was read as {MessageFormat.Count(result.Rows, "row")}, and divided as {chunk.Rows}.");
            return new Result(result.Rows, result.Errors, chunk.FirstRow + result.FirstErrorRow, result.FirstError);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
            work.Release(taken);
        }
    }

    private async Task<DatasetChunk> ChunkAsync(string job, int chunk, CancellationToken cancellationToken)
    {
        var entry = new byte[DatasetChunk.Size];
        await using var content = await files.OpenReadAsync(job, ScoringPaths.Chunks, (long)chunk * DatasetChunk.Size, DatasetChunk.Size, null, cancellationToken) ?? throw Missing();
        await content.ReadExactlyAsync(entry, cancellationToken);
        return DatasetChunk.Read(entry);
    }

    private static InvalidOperationException Missing() => new("Files of the scoring are missing.");
}
