using Larder.Inference.Validation.Scanning;

namespace Larder.Sandbox.RangeAnalysis;

/// <summary>
/// The element types of a graph's values, and what integers they may be, whatever its inputs are. Values of an outer graph are seen in graphs inside of it.
/// </summary>
internal sealed class IntegerRanges(Graph graph, IntegerRanges? outer)
{
    private static readonly Int128 Most = (Int128)1 << 64;
    private readonly Dictionary<string, IntegerRange> _ranges = [];

    /// <summary>The element type of a value; null when it has none, or it is not known.</summary>
    public long? TypeOf(string name) => graph.Types.TryGetValue(name, out var type) ? type : outer?.TypeOf(name);

    /// <summary>The range of a value.</summary>
    public IntegerRange Of(string name)
    {
        if (_ranges.TryGetValue(name, out var range))
            return range;
        if (graph.Constants.TryGetValue(name, out var values))
            return IntegerRange.Of(values);
        return outer is null || graph.Types.ContainsKey(name) ? IntegerRange.OfType(TypeOf(name)) : outer.Of(name);
    }

    /// <summary>Learns what a node gives. Nodes come in an order in which they can run.</summary>
    public void Add(GraphNode node)
    {
        for (var i = 0; i < node.Outputs.Count; i++)
        {
            if (!graph.Types.ContainsKey(node.Outputs[i]) && TypeRules.Of(node, i, TypeOf) is { } follows)
                graph.Types[node.Outputs[i]] = follows;
            var type = graph.Types.TryGetValue(node.Outputs[i], out var known) ? known : (long?)null;
            var isKnown = node.Domain == OnnxSupport.DefaultDomain && type is ElementTypes.Int32 or ElementTypes.Int64;
            _ranges[node.Outputs[i]] = (isKnown ? Output(node, i) : null) ?? IntegerRange.OfType(type);
        }
    }

    // Null for what is not known better than by its type.
    private IntegerRange? Output(GraphNode node, int output) => node.Type switch
    {
        "Size" => IntegerRange.Count,
        "Shape" or "NonZero" or "ArgMax" or "ArgMin" => IntegerRange.Length,
        "TopK" or "Unique" when output > 0 => IntegerRange.Length,
        "Identity" or "Reshape" or "Flatten" or "Squeeze" or "Unsqueeze" or "Transpose" or "Slice" or "Gather" or "GatherElements" or "GatherND" or "Expand" or "Tile"
            or "Split" or "Compress" or "Unique" or "TopK" or "DepthToSpace" or "SpaceToDepth" or "ReverseSequence" => Input(node, 0),
        "Concat" => Union(node, 0),
        "Where" => Union(node, 1),
        "ScatterND" or "ScatterElements" when !node.Integers.ContainsKey("reduction") && node.Inputs.Count == 3 => Fitted(node, 0).Or(Fitted(node, 2)),
        "Constant" => node.Value is { } values ? IntegerRange.Of(values) : node.Integers.TryGetValue("value_int", out var value) ? IntegerRange.Of([value]) : null,
        "Cast" => Cast(node),
        "Add" => Sum(Input(node, 0), Input(node, 1)),
        "Sub" => Sum(Input(node, 0), Negative(Input(node, 1))),
        "Neg" => Negative(Input(node, 0)),
        "Mul" => Product(Fitted(node, 0), Fitted(node, 1)),
        "Div" => Quotient(Fitted(node, 0), Fitted(node, 1)),
        "Mod" => Remainder(Fitted(node, 0), Fitted(node, 1), node.Integers.GetValueOrDefault("fmod") != 0),
        "Max" => Fold(node, (a, b) => new(Int128.Max(a.Low, b.Low), Int128.Max(a.High, b.High))),
        "Min" => Fold(node, (a, b) => new(Int128.Min(a.Low, b.Low), Int128.Min(a.High, b.High))),
        "Range" when node.Inputs.Count > 1 => Fitted(node, 0).Or(Fitted(node, 1)),
        "Sign" => new(-1, 1),
        _ => null,
    };

    private IntegerRange Input(GraphNode node, int input) => input < node.Inputs.Count ? Of(node.Inputs[input]) : IntegerRange.Any;

    // For operators that see what is left after an overflow.
    private IntegerRange Fitted(GraphNode node, int input) =>
        input < node.Inputs.Count ? Of(node.Inputs[input]).In(TypeOf(node.Inputs[input])) : IntegerRange.Any;

    private IntegerRange Union(GraphNode node, int first) =>
        node.Inputs.Skip(first).Select(name => Of(name).In(TypeOf(name))).Aggregate((a, b) => a.Or(b));

    private IntegerRange Fold(GraphNode node, Func<IntegerRange, IntegerRange, IntegerRange> fold) =>
        node.Inputs.Select(name => Of(name).In(TypeOf(name))).Aggregate(fold);

    private IntegerRange? Cast(GraphNode node) => TypeOf(node.Inputs[0]) is ElementTypes.Bool or ElementTypes.UInt8 or ElementTypes.Int8 or ElementTypes.UInt16
        or ElementTypes.Int16 or ElementTypes.UInt32 or ElementTypes.Int32 or ElementTypes.Int64
        ? Fitted(node, 0).In(TypeOf(node.Outputs[0]))
        : null;

    private static IntegerRange? Sum(IntegerRange a, IntegerRange b) => Bounded(new(a.Low + b.Low, a.High + b.High));

    private static IntegerRange Negative(IntegerRange a) => new(-a.High, -a.Low);

    private static IntegerRange? Product(IntegerRange a, IntegerRange b)
    {
        Int128[] corners = [a.Low * b.Low, a.Low * b.High, a.High * b.Low, a.High * b.High];
        return Bounded(new(corners.Min(), corners.Max()));
    }

    // A sum of sums must not overflow here, too; and a wider range than all integers says nothing.
    private static IntegerRange? Bounded(IntegerRange range) => Int128.Max(Int128.Abs(range.Low), Int128.Abs(range.High)) < Most ? range : null;

    private static IntegerRange? Quotient(IntegerRange a, IntegerRange b) =>
        b.Low >= 0 ? new(Int128.Min(a.Low, 0), Int128.Max(a.High, 0)) : null;

    // With the sign of the divisor, as in Python, or with fmod that of the dividend, as in C. No remainder by 0 is ever given.
    private static IntegerRange? Remainder(IntegerRange a, IntegerRange b, bool isFmod) => isFmod
        ? a.Low >= 0 ? new(0, a.High) : null
        : b.Low >= 0 ? new(0, Int128.Max(b.High - 1, 0)) : null;
}
