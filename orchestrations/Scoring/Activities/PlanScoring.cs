using System.Buffers;
using Larder.Inference;
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

/// <summary>Reads the beginning of a data set and decides how it is scored; then divides all of it into chunks.</summary>
public sealed class PlanScoring(
    JobSteps steps, JobFiles files, IArtifactStore artifacts, ModelCatalog catalog, SessionCache sessions, ScoringLimits limits)
{
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
        var format = DatasetFormat.Of(input.FileName, options.Format, options.Delimiter, options.Header);
        var model = await catalog.ResolveAsync($"{job.Model}:{job.Version}", cancellationToken);
        using var lease = await sessions.LeaseAsync(model.Servable, cancellationToken);
        var dataset = new StoredDataset(artifacts, input, limits);
        var head = await dataset.HeadAsync(cancellationToken);
        var plan = await new DatasetPlanner(options, format, limits).PlanAsync(head, input.SizeBytes, lease.Model, model.Version.Features, model.Version.Labels, cancellationToken);

        var (chunks, rows) = await dataset.SplitAsync(format, plan.DataStart, options.ChunkRows, cancellationToken);
        return (plan with { Chunks = chunks.Count, Rows = rows }, chunks);
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
}
