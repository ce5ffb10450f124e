using Larder.Registry.Errors;

namespace Larder.Lineage;

/// <summary>
/// A kind of node of the lineage graph: it opens its own nodes, and knows the neighbours that its records name, of nodes of any kind and in both directions. A new
/// kind joins the graph by being registered; no other kind has to know of it.
/// </summary>
public interface ILineageKind
{
    /// <summary>The kind's name, as addresses have it, such as <c>dataset</c>.</summary>
    string Kind { get; }

    /// <summary>Opens a node for the walk's caller.</summary>
    /// <param name="id">The node's id within the kind.</param>
    /// <param name="walk">The walk.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="InvalidRequestException">It can be no id of this kind.</exception>
    /// <exception cref="NotFoundException">There is no such node.</exception>
    /// <exception cref="ForbiddenException">It is not for this caller.</exception>
    Task<LineageNode> OpenAsync(string id, LineageWalk walk, CancellationToken cancellationToken);

    /// <summary>The neighbours of a node, of this or another kind, that are known from this kind's records. The newest come first where there may be many.</summary>
    /// <param name="node">The node; one of a kind that this one has nothing to do with has no neighbours here.</param>
    /// <param name="way">In which direction.</param>
    /// <param name="walk">The walk.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    Task<IReadOnlyList<LineageNeighbour>> NeighboursAsync(LineageKey node, LineageWay way, LineageWalk walk, CancellationToken cancellationToken);
}

/// <summary>What tells a node from all others.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Id">Its id within the kind.</param>
public readonly record struct LineageKey(string Kind, string Id)
{
    /// <summary>The key as one text: <c>version/iris:3</c>.</summary>
    public override string ToString() => $"{Kind}/{Id}";
}

/// <summary>A direction of a walk.</summary>
public enum LineageWay
{
    /// <summary>To what a node was made of.</summary>
    Sources,

    /// <summary>To what was made of a node.</summary>
    Results,
}

/// <summary>A node of the graph.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Title">What people call it.</param>
/// <param name="Time">When it came to be; null where that is not known.</param>
/// <param name="State">Its state, where it has one; <see cref="Gone"/> for a node that a record names and that does not exist any more.</param>
/// <param name="Link">Its path in the API, escaped; null where it has none.</param>
/// <param name="Page">The path of its page, escaped; null where it has none.</param>
public sealed record LineageNode(LineageKey Key, string Title, DateTimeOffset? Time, string? State, string? Link, string? Page)
{
    /// <summary>The <see cref="State"/> of a node that does not exist any more.</summary>
    public const string Gone = "gone";

    /// <summary>The nodes that it consists of: a walk that begins at it begins at these too.</summary>
    public IReadOnlyList<LineageKey> Parts { get; init; } = [];
}

/// <summary>A neighbour of a node.</summary>
/// <param name="Key">Which.</param>
/// <param name="Relation">What the result is to the source, such as <c>made</c> (<see cref="LineageRelations"/>).</param>
/// <param name="Node">The neighbour itself, where it was read already and the walk's caller may see it.</param>
public sealed record LineageNeighbour(LineageKey Key, string Relation, LineageNode? Node = null)
{
    /// <summary>A neighbour that was read already.</summary>
    public LineageNeighbour(LineageNode node, string relation)
        : this(node.Key, relation, node)
    {
    }
}

/// <summary>What an edge says: the source stands first, then the relation, then the result.</summary>
public static class LineageRelations
{
    /// <summary>A data set, a file or a logged model was input of a job or a run.</summary>
    public const string Input = "input";

    /// <summary>A job or a run made a version, a logged model or a data set.</summary>
    public const string Made = "made";

    /// <summary>A job logged a run.</summary>
    public const string Logged = "logged";

    /// <summary>A logged model was registered as a version.</summary>
    public const string Registered = "registered";

    /// <summary>Of a version an optimised one was made.</summary>
    public const string Optimized = "optimized";

    /// <summary>An alias stands for a version.</summary>
    public const string Alias = "alias";

    /// <summary>A job scored with a version.</summary>
    public const string Scored = "scored";

    /// <summary>A job compared data with that of a version.</summary>
    public const string Compared = "compared";

    /// <summary>A node consists of another one.</summary>
    public const string Has = "has";
}
