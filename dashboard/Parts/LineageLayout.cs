using System.Globalization;
using Larder.Contracts;

namespace Larder.Dashboard.Parts;

/// <summary>
/// Where the boxes of a lineage graph stand: in columns, each node one column behind the farthest of its sources (longest-path layering), and in a column near the
/// middle of its sources. Edges that would close a circle are drawn and do not count.
/// </summary>
internal sealed class LineageLayout
{
    /// <summary>The size of a box.</summary>
    public const int BoxWidth = 170, BoxHeight = 44;

    private const int ColumnGap = 70, RowGap = 14, Margin = 6;

    private readonly Dictionary<string, Box> _boxes = [];

    /// <summary>Lays a graph out.</summary>
    public LineageLayout(LineageAnswer graph)
    {
        var sources = graph.Edges.ToLookup(edge => edge.To, edge => edge.From);
        var columns = new Dictionary<string, int>();
        foreach (var node in graph.Nodes)
            ColumnOf(node.Key, sources, columns, []);
        foreach (var column in graph.Nodes.GroupBy(node => columns[node.Key]).OrderBy(column => column.Key))
        {
            // Those before are placed already.
            var rows = column.OrderBy(node => sources[node.Key].Where(_boxes.ContainsKey).Select(source => (double?)_boxes[source].Y).Average() ?? 0).ToList();
            for (var row = 0; row < rows.Count; row++)
                _boxes.Add(rows[row].Key, new Box(rows[row], Margin + column.Key * (BoxWidth + ColumnGap), Margin + row * (BoxHeight + RowGap)));
        }
        Width = _boxes.Values.Max(box => box.X) + BoxWidth + Margin;
        Height = _boxes.Values.Max(box => box.Y) + BoxHeight + Margin;
        Lines = [.. graph.Edges.Where(edge => _boxes.ContainsKey(edge.From) && _boxes.ContainsKey(edge.To)).Select(edge => LineOf(edge, _boxes[edge.From], _boxes[edge.To]))];
    }

    /// <summary>The size of the picture.</summary>
    public int Width { get; }

    /// <summary>The size of the picture.</summary>
    public int Height { get; }

    /// <summary>The boxes, by column and row: the order in which the keyboard reaches them.</summary>
    public IEnumerable<Box> Boxes => _boxes.Values;

    /// <summary>The lines between them.</summary>
    public IReadOnlyList<Line> Lines { get; }

    private static int ColumnOf(string key, ILookup<string, string> sources, Dictionary<string, int> columns, HashSet<string> open)
    {
        if (columns.TryGetValue(key, out var known))
            return known;
        open.Add(key);
        var column = 0;
        foreach (var source in sources[key])
        {
            if (!open.Contains(source))
                column = Math.Max(column, ColumnOf(source, sources, columns, open) + 1);
        }
        open.Remove(key);
        return columns[key] = column;
    }

    private static Line LineOf(LineageEdgeDetails edge, Box from, Box to)
    {
        var (x1, y1, x2, y2) = (from.X + BoxWidth, from.Y + BoxHeight / 2, to.X - 6, to.Y + BoxHeight / 2);
        var bend = Math.Max(30, Math.Abs(x2 - x1) / 2);
        return new Line(edge.Relation, string.Create(CultureInfo.InvariantCulture, $"M{x1},{y1} C{x1 + bend},{y1} {x2 - bend},{y2} {x2},{y2} m-6,-4 l6,4 l-6,4"));
    }

    /// <summary>A node and where it stands.</summary>
    public sealed record Box(LineageNodeDetails Node, int X, int Y);

    /// <summary>A line with its arrow.</summary>
    public sealed record Line(string Relation, string Path);
}
