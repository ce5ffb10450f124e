using System.Buffers;
using Larder.Inference;
using Larder.Inference.Sessions;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Scoring.Rows;
using Larder.Orchestrations.Scoring.Splitting;
using Larder.Registry.Catalog;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Storage;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations.Scoring.Activities;

/// <summary>Reads the beginning of a data set and decides how it is scored; then divides all of it into chunks.</summary>
public sealed class PlanScoring(
    JobSteps steps, JobFiles files, IArtifactStore artifacts, ModelCatalog catalog, SessionCache sessions, ScoringLimits limits)
{
    /// <summary>Beyond them, a file could not have a block for each.</summary>
    private const int MostChunks = 20_000;

    /// <summary>The outcome.</summary>
    /// <param name="Chunks">How many.</param>
    /// <param name="Rows">In all of them.</param>
    /// <param name="Reason">Why it cannot be scored; null when it can.</param>
    public sealed record Result(int Chunks, long Rows, string? Reason = null);

    /// <summary>Plans the scoring of a job that has its data set.</summary>
    [Function(ActivityNames.PlanScoring)]
    public Task<Result> Run([ActivityTrigger] string job, CancellationToken cancellationToken) => steps.RunAsync(
        job,
        "plan",
        0,
        found => PlanAsync(found, cancellationToken),
        detail: result => result.Reason ?? $"{MessageFormat.Count(result.Rows, "row")} in {MessageFormat.Count(result.Chunks, "chunk")}.",
        cancellationToken: cancellationToken);

    private async Task<Result> PlanAsync(Job job, CancellationToken cancellationToken)
    {
        try
        {
            var (plan, chunks) = await PlanOrRefuseAsync(job, cancellationToken);
            await StoreAsync(job, plan, chunks, cancellationToken);
            return new Result(plan.Chunks, plan.Rows);
        }
        catch (LarderException e) when (e.IsPermanent)
        {
            return new Result(0, 0, e.Message);
        }
    }

    private async Task<(ScoringPlan Plan, IReadOnlyList<DatasetChunk> Chunks)> PlanOrRefuseAsync(Job job, CancellationToken cancellationToken)
    {
        var options = JobOptions.Of<ScoreOptions>(job);
        var input = job.Inputs.Single();
        var delimiter = options.Delimiter?[0] ?? (input.FileName.EndsWith(".tsv", StringComparison.OrdinalIgnoreCase) ? '\t' : ',');
        var model = await catalog.ResolveAsync($"{job.Model}:{job.Version}", cancellationToken);
        using var lease = await sessions.LeaseAsync(model.Servable, cancellationToken);
        var head = await HeadAsync(input, cancellationToken);
        var plan = await new DatasetPlanner(options, delimiter, limits).PlanAsync(head, input.SizeBytes, lease.Model, model.Version.Features, model.Version.Labels, cancellationToken);

        var split = new SplitLimits(limits.RowBytes, options.ChunkRows, limits.ChunkBytes, input.SizeBytes / MostChunks);
        var splitter = new DatasetSplitter(plan.Scanner(), split, plan.DataStart);
        if (plan.DataStart < input.SizeBytes)
        {
            await using var content = await artifacts.OpenReadAsync(input.Sha256, plan.DataStart, null, cancellationToken) ?? throw Missing();
            if (await splitter.SplitAsync(content, cancellationToken) is { } problem)
                throw new InvalidRequestException(problem);
        }

        return (plan with { Chunks = splitter.Chunks.Count, Rows = splitter.Rows }, splitter.Chunks);
    }

    private async Task<ReadOnlyMemory<byte>> HeadAsync(JobInput input, CancellationToken cancellationToken)
    {
        var head = new byte[Math.Min(input.SizeBytes, limits.RowBytes)];
        if (head.Length == 0)
            return head;
        await using var content = await artifacts.OpenReadAsync(input.Sha256, 0, head.Length, cancellationToken) ?? throw Missing();
        await content.ReadExactlyAsync(head, cancellationToken);
        return head;
    }

    private async Task StoreAsync(Job job, ScoringPlan plan, IReadOnlyList<DatasetChunk> chunks, CancellationToken cancellationToken)
    {
        var list = new byte[chunks.Count * DatasetChunk.Size];
        for (var i = 0; i < chunks.Count; i++)
            chunks[i].Write(list.AsSpan(i * DatasetChunk.Size));
        await files.WriteAsync(job.Id, ScoringPaths.Chunks, BinaryData.FromBytes(list), cancellationToken);

        var header = new ArrayBufferWriter<byte>();
        new ResultWriter(plan, job.Version!.Value).WriteHeader(header);
        if (header.WrittenCount > 0)
            await files.StageBlockAsync(job.Id, ScoringPaths.Stored(plan.Format), ScoringPaths.Block(0, 0, isLast: true), header.WrittenMemory, cancellationToken);
        await files.WriteAsync(job.Id, ScoringPaths.Plan, BinaryData.FromObjectAsJson(plan, RegistryJson.Options), cancellationToken);
    }

    private static InvalidRequestException Missing() => new("The data set is not stored any more.");
}
