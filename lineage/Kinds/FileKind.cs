using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Text;

namespace Larder.Lineage.Kinds;

/// <summary>Data that jobs were given and that no data set's name stands for now: uploaded with the request, dropped, fetched. They are known by the SHA-256 of their bytes.</summary>
internal sealed class FileKind(LineageLists lists) : ILineageKind
{
    private const string Name = "file";
    private const int HashLength = 64;

    public string Kind => Name;

    public async Task<LineageNode> OpenAsync(string id, LineageWalk walk, CancellationToken cancellationToken)
    {
        if (id.Length != HashLength || !id.All(char.IsAsciiHexDigitLower))
            throw new InvalidRequestException($"The id of a file is its SHA-256, {HashLength} lower-case hexadecimal digits; got {Quoted.Text(id)}.");
        return await lists.ReadersAsync(id, walk, cancellationToken) is [.., var first] ? NodeOf(first) : throw new NotFoundException($"No job was given a data set with the SHA-256 {id}.");
    }

    public async Task<IReadOnlyList<LineageNeighbour>> NeighboursAsync(LineageKey node, LineageWay way, LineageWalk walk, CancellationToken cancellationToken)
    {
        switch (way, node.Kind)
        {
            case (LineageWay.Results, Name):
                return [.. (await lists.ReadersAsync(node.Id, walk, cancellationToken)).Select(job => new LineageNeighbour(JobKind.NodeOf(job), LineageRelations.Input))];
            case (LineageWay.Sources, JobKind.Name) when await lists.DataOfAsync(node.Id, walk, cancellationToken) is { } data:
                var hasName = (await lists.DatasetsAsync(walk, cancellationToken)).Any(dataset => dataset.Sha256 == data.Sha256);
                return hasName ? [] : [new LineageNeighbour(NodeOf(data), LineageRelations.Input)];
            default:
                return [];
        }
    }

    private static LineageNode NodeOf(Job job) => NodeOf(LineageLists.DataOf(job)!);

    // Bytes have no time and no page of their own; the lineage says what used them.
    private static LineageNode NodeOf(JobInput data) => new(new LineageKey(Name, data.Sha256), data.FileName, null, null, null, $"/ui/lineage/{Name}/{data.Sha256}");
}
