using System.Globalization;
using System.Text.RegularExpressions;
using Larder.Contracts;
using Larder.Dashboard.Parts;

namespace Larder.Dashboard.Tests;

/// <summary>Where the boxes and lines of a lineage graph are drawn.</summary>
public sealed partial class LineageLayoutTests
{
    [Fact]
    public void A_line_that_passes_a_column_runs_beside_its_boxes()
    {
        var layout = new LineageLayout(Graph(["data", "job", "run", "version"], ("data", "job"), ("job", "run"), ("run", "version"), ("job", "version")));

        var run = layout.Boxes.Single(box => box.Node.Key == "run");
        var passage = Assert.Single(layout.Lines.SelectMany(Straights));
        Assert.Equal((run.X, run.X + LineageLayout.BoxWidth), (passage.From, passage.To));
        Assert.True(passage.Y > run.Y + LineageLayout.BoxHeight, $"The line is at {passage.Y}, the box ends at {run.Y + LineageLayout.BoxHeight}.");
        Assert.True(passage.Y < layout.Height, $"The line is at {passage.Y}, the picture ends at {layout.Height}.");
    }

    [Fact]
    public void Lines_from_one_source_share_their_rows()
    {
        var layout = new LineageLayout(Graph(["a", "b", "c", "d"], ("a", "b"), ("b", "c"), ("a", "c"), ("b", "d"), ("a", "d")));

        Assert.Equal(2, layout.Lines.SelectMany(Straights).Count());
        Assert.Single(layout.Lines.SelectMany(Straights).Distinct());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void No_line_of_any_graph_runs_through_a_box(int seed)
    {
        var random = new Random(seed);
        string[] keys = [.. Enumerable.Range(0, 40).Select(n => $"n{n}")];
        // Also some that go back, which close circles.
        var edges = Enumerable.Range(0, 240).Select(_ => (From: random.Next(40), To: random.Next(40))).Where(edge => edge.From < edge.To || edge.From - edge.To == 7).Distinct();

        var layout = new LineageLayout(Graph(keys, [.. edges.Select(edge => (keys[edge.From], keys[edge.To]))]));

        Assert.Equal(keys.Order(), layout.Boxes.Select(box => box.Node.Key).Order());
        var straights = layout.Lines.SelectMany(Straights).ToList();
        Assert.True(straights.Count > 20, $"Only {straights.Count} lines pass a column.");
        Assert.Empty(straights.SelectMany(line => layout.Boxes.Where(box => line.From < box.X + LineageLayout.BoxWidth && line.To > box.X && line.Y > box.Y && line.Y < box.Y + LineageLayout.BoxHeight)));
        Assert.All(straights, line => Assert.InRange(line.Y, 0, layout.Height));
    }

    private static LineageAnswer Graph(string[] keys, params (string From, string To)[] edges) => new()
    {
        Root = keys[0],
        Nodes = [.. keys.Select(key => new LineageNodeDetails { Key = key, Kind = "run", Id = key, Title = key })],
        Edges = [.. edges.Select(edge => new LineageEdgeDetails { From = edge.From, To = edge.To, Relation = "made" })],
        Truncated = false,
    };

    // The horizontal parts of a path: the rest are bends between two columns.
    private static IEnumerable<(int From, int To, int Y)> Straights(LineageLayout.Line line) =>
        Straight().Matches(line.Path).Select(part => (Number(part.Groups[1]), Number(part.Groups[3]), Number(part.Groups[2])));

    private static int Number(Group digits) => int.Parse(digits.ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"(\d+),(\d+) H(\d+)")]
    private static partial Regex Straight();
}
