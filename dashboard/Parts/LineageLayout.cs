using System.Globalization;
using System.Text;
using Larder.Contracts;

namespace Larder.Dashboard.Parts;

/// <summary>
/// Where the boxes of a lineage graph stand: in columns, each node one column behind the farthest of its sources (longest-path layering), and in a column near the
/// middle of its sources. A line that passes columns has a row of its own in each (dummy nodes), so that it does not run behind a box and seem to lead there. Edges
/// that would close a circle are drawn and do not count.
/// </summary>
internal sealed class LineageLayout
{
    /// <summary>The size of a box.</summary>
    public const int BoxWidth = 170, BoxHeight = 44;

    private const int ColumnGap = 70, RowGap = 14, PassageHeight = 12, Margin = 6;

    private readonly Dictionary<string, int> _columns = [];
    private readonly Dictionary<string, Box> _boxes = [];

    // The lines from one source share a row.
    private readonly Dictionary<(string Source, int Column), int> _passages = [];

    /// <summary>Lays a graph out.</summary>
    public LineageLayout(LineageAnswer graph)
    {
        var sources = graph.Edges.ToLookup(edge => edge.To, edge => edge.From);
        foreach (var node in graph.Nodes)
            ColumnOf(node.Key, sources, []);
        var passing = graph.Edges.SelectMany(edge => Passed(edge).Select(column => (column, edge.From))).Distinct().ToLookup(one => one.column, one => one.From);
        foreach (var column in graph.Nodes.GroupBy(node => _columns[node.Key]).OrderBy(column => column.Key))
            Place(column.Key, column, passing[column.Key], sources);
        Width = _boxes.Values.Max(box => box.X) + BoxWidth + Margin;
        Height = Math.Max(_boxes.Values.Max(box => box.Y) + BoxHeight, _passages.Values.DefaultIfEmpty().Max() + PassageHeight / 2) + Margin;
        Lines = [.. graph.Edges.Select(LineOf)];
    }

    /// <summary>The size of the picture.</summary>
    public int Width { get; }

    /// <summary>The size of the picture.</summary>
    public int Height { get; }

    /// <summary>The boxes, by column and row: the order in which the keyboard reaches them.</summary>
    public IEnumerable<Box> Boxes => _boxes.Values;

    /// <summary>The lines between them.</summary>
    public IReadOnlyList<Line> Lines { get; }

    private static int XOf(int column) => Margin + column * (BoxWidth + ColumnGap);

    private int ColumnOf(string key, ILookup<string, string> sources, HashSet<string> open)
    {
        if (_columns.TryGetValue(key, out var known))
            return known;
        open.Add(key);
        var column = 0;
        foreach (var source in sources[key])
        {
            if (!open.Contains(source))
                column = Math.Max(column, ColumnOf(source, sources, open) + 1);
        }
        open.Remove(key);
        return _columns[key] = column;
    }

    private IEnumerable<int> Passed(LineageEdgeDetails edge) => Enumerable.Range(_columns[edge.From] + 1, Math.Max(0, _columns[edge.To] - _columns[edge.From] - 1));

    // The columns before are placed already. Of a box and a line that come from the same place, the box is first.
    private void Place(int column, IEnumerable<LineageNodeDetails> nodes, IEnumerable<string> passing, ILookup<string, string> sources)
    {
        var rows = nodes.Select(node => (Node: (LineageNodeDetails?)node, node.Key, From: sources[node.Key].Select(source => LeavingAt(source, column - 1)).Average()))
            .Concat(passing.Select(source => (Node: (LineageNodeDetails?)null, Key: source, From: (double?)LeavingAt(source, column - 1))))
            .OrderBy(row => row.From ?? 0).ToList();
        var y = Margin;
        foreach (var (node, key, _) in rows)
        {
            if (node is null)
                _passages.Add((key, column), y + PassageHeight / 2);
            else
                _boxes.Add(key, new Box(node, XOf(column), y));
            y += (node is null ? PassageHeight : BoxHeight) + RowGap;
        }
    }

    // How far down the lines from a source leave a column; null for a source that is placed later, or not yet.
    private int? LeavingAt(string source, int column) =>
        _passages.TryGetValue((source, column), out var y) ? y : _boxes.TryGetValue(source, out var box) ? box.Y + BoxHeight / 2 : null;

    private Line LineOf(LineageEdgeDetails edge)
    {
        var (from, to) = (_boxes[edge.From], _boxes[edge.To]);
        var (x, y) = (from.X + BoxWidth, from.Y + BoxHeight / 2);
        var path = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"M{x},{y}"));
        foreach (var column in Passed(edge))
        {
            Bend(XOf(column), _passages[(edge.From, column)]);
            x += BoxWidth;
            path.Append(CultureInfo.InvariantCulture, $" H{x}");
        }
        Bend(to.X - 6, to.Y + BoxHeight / 2);
        return new Line(edge.Relation, path.Append(" m-6,-4 l6,4 l-6,4").ToString());

        void Bend(int endX, int endY)
        {
            var bend = Math.Max(30, Math.Abs(endX - x) / 2);
            path.Append(CultureInfo.InvariantCulture, $" C{x + bend},{y} {endX - bend},{endY} {endX},{endY}");
            (x, y) = (endX, endY);
        }
    }

    /// <summary>A node and where it stands.</summary>
    public sealed record Box(LineageNodeDetails Node, int X, int Y);

    /// <summary>A line with its arrow.</summary>
    public sealed record Line(string Relation, string Path);
}
