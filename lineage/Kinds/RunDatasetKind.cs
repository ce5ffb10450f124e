using System.Runtime.CompilerServices;
using Larder.Registry.Errors;
using Larder.Registry.Storage;
using Larder.Registry.Text;
using Larder.Tracking;
using Larder.Tracking.Experiments;
using Larder.Tracking.Runs;

namespace Larder.Lineage.Kinds;

/// <summary>Data sets as clients of MLflow log them with a run: a name and a digest. Those of a job's run are left out, since the job knows its data better.</summary>
internal sealed class RunDatasetKind(ExperimentStore experiments, RunStore runs) : ILineageKind
{
    private const string Name = "run-dataset";
    private const int PageSize = 1000;

    public string Kind => Name;

    public async Task<LineageNode> OpenAsync(string id, LineageWalk walk, CancellationToken cancellationToken)
    {
        RunKind.RequireAll(walk.Caller);
        return (await ReadersAsync(id, walk, cancellationToken)).SelectMany(InputsOf).FirstOrDefault(input => IdOf(input) == id) is { } input
            ? NodeOf(input)
            : throw new NotFoundException($"No run has read a data set {Quoted.Text(id)}; the id is its name, @ and its digest.");
    }

    public async Task<IReadOnlyList<LineageNeighbour>> NeighboursAsync(LineageKey node, LineageWay way, LineageWalk walk, CancellationToken cancellationToken)
    {
        switch (way, node.Kind)
        {
            case (LineageWay.Sources, RunKind.Name):
                return [.. InputsOf(await RunKind.ReadAsync(runs, node.Id, walk, cancellationToken)).Select(input => new LineageNeighbour(NodeOf(input), LineageRelations.Input))];
            case (LineageWay.Results, Name):
                return [.. (await ReadersAsync(node.Id, walk, cancellationToken)).Select(run => new LineageNeighbour(RunKind.NodeOf(run), LineageRelations.Input))];
            default:
                return [];
        }
    }

    private static string IdOf(DatasetInput input) => $"{input.Name}@{input.Digest}";

    private static IEnumerable<DatasetInput> InputsOf(Run run) => run.Job is null ? run.Datasets : [];

    private static LineageNode NodeOf(DatasetInput input) =>
        new(new LineageKey(Name, IdOf(input)), input.Name, null, null, null, $"/ui/lineage/{Name}/{string.Join('/', IdOf(input).Split('/').Select(Uri.EscapeDataString))}");

    private async Task<IReadOnlyList<Run>> ReadersAsync(string id, LineageWalk walk, CancellationToken cancellationToken)
    {
        var all = await walk.OnceAsync<IReadOnlyList<Run>>(typeof(Run), () => walk.SomeAsync(ScanAsync(cancellationToken), cancellationToken));
        return [.. all.Where(run => InputsOf(run).Any(input => IdOf(input) == id))];
    }

    private async IAsyncEnumerable<Run> ScanAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var all = Listing.AllAsync(cursor => experiments.SearchAsync(filter: null, [], LifecycleView.Active, PageSize, cursor, cancellationToken));
        await foreach (var experiment in all)
        {
            await foreach (var run in Listing.AllAsync(cursor => runs.SearchAsync(new RunSearch([experiment.Id], null, [], LifecycleView.Active, PageSize, cursor), cancellationToken)))
                yield return run;
        }
    }
}
