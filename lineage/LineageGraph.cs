using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Text;

namespace Larder.Lineage;

/// <summary>Where something comes from, and what came of it: walks from a node to its sources, their sources and so on, and likewise to its results.</summary>
/// <param name="kinds">The kinds of nodes.</param>
/// <param name="options">The limits.</param>
public sealed class LineageGraph(IEnumerable<ILineageKind> kinds, LineageOptions options)
{
    private readonly Dictionary<string, ILineageKind> _kinds = kinds.ToDictionary(kind => kind.Kind, StringComparer.Ordinal);

    /// <summary>The names of the kinds.</summary>
    public IEnumerable<string> Kinds => _kinds.Keys.Order(StringComparer.Ordinal);

    /// <summary>The lineage of a node, as far as a caller may see it.</summary>
    /// <param name="caller">The caller.</param>
    /// <param name="start">The node.</param>
    /// <param name="depth">The most edges between it and another node; null, and more than the settings allow, for what these say.</param>
    /// <param name="limit">The most nodes; as for <paramref name="depth"/>.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="InvalidRequestException">There is no such kind, or it can have no such id.</exception>
    /// <exception cref="NotFoundException">There is no such node.</exception>
    /// <exception cref="ForbiddenException">The node is not for this caller.</exception>
    public async Task<Lineage> OfAsync(Caller caller, LineageKey start, int? depth, int? limit, CancellationToken cancellationToken)
    {
        if (!_kinds.TryGetValue(start.Kind, out var kind))
            throw new InvalidRequestException($"There is no lineage of the kind {Quoted.Text(start.Kind)}. The kinds are {string.Join(", ", Kinds)}.");
        var walk = new LineageWalk(caller, options.Records);
        var root = await kind.OpenAsync(start.Id, walk, cancellationToken);
        var search = new Search(_kinds, walk, Math.Min(depth ?? options.Depth, options.Depth), Math.Min(limit ?? options.Nodes, options.Nodes));
        await search.RunAsync(root, cancellationToken);
        return new Lineage(root, search.Nodes, search.Edges, walk.IsTruncated);
    }

    // Breadth first, so that what the limits leave out is what is farthest.
    private sealed class Search(Dictionary<string, ILineageKind> kinds, LineageWalk walk, int depth, int limit)
    {
        private readonly Dictionary<LineageKey, LineageNode> _found = [];
        private readonly HashSet<LineageKey> _hidden = [];
        private readonly HashSet<LineageEdge> _drawn = [];
        private readonly HashSet<(LineageKey Key, LineageWay Way)> _visited = [];
        private readonly Queue<(LineageKey Key, LineageWay Way, int Distance)> _next = new();

        public List<LineageNode> Nodes { get; } = [];

        public List<LineageEdge> Edges { get; } = [];

        public async Task RunAsync(LineageNode root, CancellationToken cancellationToken)
        {
            Add(root);
            Visit(root.Key, LineageWay.Sources, 0);
            Visit(root.Key, LineageWay.Results, 0);
            foreach (var part in root.Parts)
            {
                if (!await MeetAsync(new LineageNeighbour(part, LineageRelations.Has), 0, cancellationToken))
                    continue;
                Draw(new LineageEdge(root.Key, part, LineageRelations.Has));
                Visit(part, LineageWay.Sources, 1);
                Visit(part, LineageWay.Results, 1);
            }
            while (_next.TryDequeue(out var next))
                await ExpandAsync(next.Key, next.Way, next.Distance, cancellationToken);
        }

        private async Task ExpandAsync(LineageKey key, LineageWay way, int distance, CancellationToken cancellationToken)
        {
            foreach (var kind in kinds.Values)
            {
                foreach (var neighbour in await kind.NeighboursAsync(key, way, walk, cancellationToken))
                {
                    if (!await MeetAsync(neighbour, distance, cancellationToken))
                        continue;
                    Draw(way == LineageWay.Sources ? new LineageEdge(neighbour.Key, key, neighbour.Relation) : new LineageEdge(key, neighbour.Key, neighbour.Relation));
                    Visit(neighbour.Key, way, distance + 1);
                }
            }
        }

        // Whether the neighbour is in the graph, now or before.
        private async Task<bool> MeetAsync(LineageNeighbour neighbour, int distance, CancellationToken cancellationToken)
        {
            if (_found.ContainsKey(neighbour.Key))
                return true;
            var isFull = distance >= depth || Nodes.Count >= limit;
            if (_hidden.Contains(neighbour.Key) || (isFull && walk.IsTruncated))
                return false;
            if ((neighbour.Node ?? await FindAsync(neighbour.Key, cancellationToken)) is not { } node)
            {
                _hidden.Add(neighbour.Key);
                return false;
            }
            if (isFull)
            {
                walk.Truncate();
                return false;
            }
            Add(node);
            return true;
        }

        private async Task<LineageNode?> FindAsync(LineageKey key, CancellationToken cancellationToken)
        {
            try
            {
                return await kinds[key.Kind].OpenAsync(key.Id, walk, cancellationToken);
            }
            catch (Exception e) when (e is NotFoundException or InvalidRequestException)
            {
                // A record that the caller may read names it, though it was deleted since, or never was: clients of MLflow name logged models as they like.
                return new LineageNode(key, key.Id, null, LineageNode.Gone, null, null);
            }
            catch (ForbiddenException)
            {
                return null;
            }
        }

        private void Add(LineageNode node)
        {
            _found.Add(node.Key, node);
            Nodes.Add(node);
        }

        private void Draw(LineageEdge edge)
        {
            if (_drawn.Add(edge))
                Edges.Add(edge);
        }

        private void Visit(LineageKey key, LineageWay way, int distance)
        {
            // Nothing knows any more what a node that is gone came from.
            if (_found[key].State != LineageNode.Gone && _visited.Add((key, way)))
                _next.Enqueue((key, way, distance));
        }
    }
}

/// <summary>The lineage of a node.</summary>
/// <param name="Root">The node.</param>
/// <param name="Nodes">It and all others, the nearest first.</param>
/// <param name="Edges">What leads from which to which.</param>
/// <param name="IsTruncated">Whether a limit has left something out, or may have.</param>
public sealed record Lineage(LineageNode Root, IReadOnlyList<LineageNode> Nodes, IReadOnlyList<LineageEdge> Edges, bool IsTruncated);

/// <summary>An edge of the graph.</summary>
/// <param name="From">The source.</param>
/// <param name="To">The result.</param>
/// <param name="Relation">What they are to each other (<see cref="LineageRelations"/>).</param>
public sealed record LineageEdge(LineageKey From, LineageKey To, string Relation);
