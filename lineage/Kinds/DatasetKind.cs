using Larder.Registry.Access;
using Larder.Registry.Datasets;

namespace Larder.Lineage.Kinds;

/// <summary>
/// Data sets that have a name: which job took them in, and which jobs were given the bytes that the name stands for now. A job that was given other bytes, which the
/// name stood for before, has a <see cref="FileKind"/> instead: its data are not what the name gives today.
/// </summary>
internal sealed class DatasetKind(DatasetStore datasets, ModelScopes scopes, LineageLists lists) : ILineageKind
{
    private const string Name = "dataset";

    public string Kind => Name;

    public async Task<LineageNode> OpenAsync(string id, LineageWalk walk, CancellationToken cancellationToken) => NodeOf(await ReadAsync(id, walk, cancellationToken));

    public async Task<IReadOnlyList<LineageNeighbour>> NeighboursAsync(LineageKey node, LineageWay way, LineageWalk walk, CancellationToken cancellationToken)
    {
        switch (way, node.Kind)
        {
            case (LineageWay.Sources, Name):
                return [new LineageNeighbour(JobKind.KeyOf((await ReadAsync(node.Id, walk, cancellationToken)).Job), LineageRelations.Made)];
            case (LineageWay.Results, Name):
                var readers = await lists.ReadersAsync((await ReadAsync(node.Id, walk, cancellationToken)).Sha256, walk, cancellationToken);
                return [.. readers.Select(job => new LineageNeighbour(JobKind.NodeOf(job), LineageRelations.Input))];
            case (LineageWay.Sources, JobKind.Name):
                return [.. (await OfJobAsync(node.Id, walk, cancellationToken)).Select(dataset => new LineageNeighbour(NodeOf(dataset), LineageRelations.Input))];
            case (LineageWay.Results, JobKind.Name):
                return
                [
                    .. (await lists.DatasetsAsync(walk, cancellationToken)).Where(dataset => dataset.Job == node.Id).Select(dataset => new LineageNeighbour(NodeOf(dataset), LineageRelations.Made)),
                ];
            default:
                return [];
        }
    }

    private static LineageNode NodeOf(Dataset dataset)
    {
        var path = $"{dataset.Model}/{Uri.EscapeDataString(dataset.FileName)}";
        return new LineageNode(new LineageKey(Name, $"{dataset.Model}/{dataset.FileName}"), $"{dataset.Model}/{dataset.FileName}", dataset.Created, null, $"/api/v1/datasets/{path}", $"/ui/lineage/{Name}/{path}");
    }

    private async Task<IReadOnlyList<Dataset>> OfJobAsync(string job, LineageWalk walk, CancellationToken cancellationToken) =>
        await lists.DataOfAsync(job, walk, cancellationToken) is { } data ? [.. (await lists.DatasetsAsync(walk, cancellationToken)).Where(dataset => dataset.Sha256 == data.Sha256)] : [];

    private async Task<Dataset> ReadAsync(string id, LineageWalk walk, CancellationToken cancellationToken)
    {
        var (model, fileName) = Dataset.Parse(Dataset.Prefix + id);
        await scopes.RequireAsync(walk.Caller, model, cancellationToken);
        return await walk.OnceAsync((typeof(Dataset), id), () => datasets.GetAsync(model, fileName, cancellationToken));
    }
}
