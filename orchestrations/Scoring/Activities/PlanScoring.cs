using System.Buffers;
using Larder.Inference;
using Larder.Registry;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations;

/// <summary>Looks at the beginning of a data set and decides how it is scored; then divides all of it into chunks.</summary>
public sealed class PlanScoring(
    JobSteps steps, JobFiles files, IArtifactStore artifacts, ModelCatalog catalog, SessionCache sessions, ScoringLimits limits)
{
    /// <summary>Beyond them, a file could not have a block for each.</summary>
    private const int MostChunks = 20_000;

    /// <summary>What came of it.</summary>
    /// <param name="Chunks">How many.</param>
    /// <param name="Rows">In all of them.</param>
    /// <param name="Reason">Why it cannot be scored; null when it can.</param>
    public sealed record Result(int Chunks, long Rows, string? Reason = null);

    /// <summary>Runs it.</summary>
    [Function(ActivityNames.PlanScoring)]
    public Task<Result> Run([ActivityTrigger] string job, CancellationToken cancellation) => steps.RunAsync(
        job,
        "plan",
        0,
        found => PlanAsync(found, cancellation),
        detail: result => result.Reason ?? $"{Names.Count(result.Rows, "row")} in {Names.Count(result.Chunks, "chunk")}.",
        cancellation: cancellation);

    private async Task<Result> PlanAsync(Job job, CancellationToken cancellation)
    {
        try
        {
            var (plan, chunks) = await PlanOrRefuseAsync(job, cancellation);
            await StoreAsync(job, plan, chunks, cancellation);
            return new Result(plan.Chunks, plan.Rows);
        }
        catch (Exception e) when (e is InvalidRequestException or NotFoundException or ModelTooLargeException or RunTimeoutException)
        {
            return new Result(0, 0, e.Message);
        }
    }

    private async Task<(ScoringPlan Plan, IReadOnlyList<DatasetChunk> Chunks)> PlanOrRefuseAsync(Job job, CancellationToken cancellation)
    {
        var options = ScoreJob.OptionsOf(job);
        var input = job.Inputs.Single();
        var delimiter = options.Delimiter?[0] ?? (input.FileName.EndsWith(".tsv", StringComparison.OrdinalIgnoreCase) ? '\t' : ',');
        var model = await catalog.ResolveAsync($"{job.Model}:{job.Version}", cancellation);
        using var lease = await sessions.LeaseAsync(model.Servable, cancellation);
        var head = await HeadAsync(input, cancellation);
        var plan = await new DatasetPlanner(options, delimiter, limits).PlanAsync(head, input.SizeBytes, lease.Model, cancellation);

        var split = new SplitLimits(limits.RowBytes, options.ChunkRows, limits.ChunkBytes, input.SizeBytes / MostChunks);
        var splitter = new DatasetSplitter(plan.Scanner(), split, plan.DataStart);
        if (plan.DataStart < input.SizeBytes)
        {
            await using var content = await artifacts.OpenReadAsync(input.Sha256, plan.DataStart, null, cancellation) ?? throw Missing();
            if (await splitter.SplitAsync(content, cancellation) is { } problem)
                throw new InvalidRequestException(problem);
        }

        return (plan with { Chunks = splitter.Chunks.Count, Rows = splitter.Rows }, splitter.Chunks);
    }

    private async Task<ReadOnlyMemory<byte>> HeadAsync(JobInput input, CancellationToken cancellation)
    {
        var head = new byte[Math.Min(input.SizeBytes, limits.RowBytes)];
        if (head.Length == 0)
            return head;
        await using var content = await artifacts.OpenReadAsync(input.Sha256, 0, head.Length, cancellation) ?? throw Missing();
        await content.ReadExactlyAsync(head, cancellation);
        return head;
    }

    private async Task StoreAsync(Job job, ScoringPlan plan, IReadOnlyList<DatasetChunk> chunks, CancellationToken cancellation)
    {
        var list = new byte[chunks.Count * DatasetChunk.Size];
        for (var i = 0; i < chunks.Count; i++)
            chunks[i].Write(list.AsSpan(i * DatasetChunk.Size));
        await files.WriteAsync(job.Id, ScoringPaths.Chunks, BinaryData.FromBytes(list), cancellation);

        var header = new ArrayBufferWriter<byte>();
        new ResultWriter(plan, job.Version!.Value).WriteHeader(header);
        if (header.WrittenCount > 0)
            await files.StageBlockAsync(job.Id, ScoringPaths.Stored(plan.Format), ScoringPaths.Block(0, 0, isLast: true), header.WrittenMemory, cancellation);
        await files.WriteAsync(job.Id, ScoringPaths.Plan, BinaryData.FromObjectAsJson(plan, RegistryJson.Options), cancellation);
    }

    private static InvalidRequestException Missing() => new("The data set is not stored any more.");
}
