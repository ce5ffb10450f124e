using Larder.Inference;
using Larder.Inference.Validation.Scanning;

namespace Larder.Sandbox.RangeAnalysis;

/// <summary>
/// Refuses models that a client could end the server's process with by values alone (<see cref="UnsafeOperators"/>): unless the graph rules such values out, by
/// constants, or because they come from shapes and indices.
/// </summary>
internal static class UnsafeOperatorCheck
{
    /// <summary>Checks all nodes of a graph that ONNX Runtime wrote, so that functions are inlined and constants folded.</summary>
    /// <exception cref="InvalidModelException">A node may end the process.</exception>
    public static void Check(Graph graph, IntegerRanges? outer = null)
    {
        var ranges = new IntegerRanges(graph, outer);
        foreach (var node in graph.Nodes)
        {
            if (node.Domain == OnnxSupport.DefaultDomain && Reason(node, ranges) is { } reason)
                throw new InvalidModelException($"{node.Type} node {Printable.Quoted(node.Name.Length > 0 ? node.Name : node.Outputs[0])} {reason}");
            node.Graphs.ForEach(inner => Check(inner, ranges));
            ranges.Add(node);
        }
    }

    private static string? Reason(GraphNode node, IntegerRanges ranges) => node.Type switch
    {
        "Div" or "Mod" when MayOverflow(node, ranges) =>
            "divides integers by integers that are not constant; the smallest integer divided by -1 would end the server: divide by a constant, by a shape, or as floating-point numbers.",
        "STFT" when MayBe(node, 3, ranges, 0) => "takes a frame length that is not constant; a length of 0 would end the server: make it a constant.",
        _ => null,
    };

    private static bool MayOverflow(GraphNode node, IntegerRanges ranges)
    {
        if (node.Integers.GetValueOrDefault("fmod") != 0 || node.Inputs.Count < 2)
            return false;
        return (ranges.TypeOf(node.Inputs[0]) ?? ranges.TypeOf(node.Inputs[1]) ?? ranges.TypeOf(node.Outputs[0])) switch
        {
            ElementTypes.Int32 => MayOverflow(32, int.MinValue),
            ElementTypes.Int64 => MayOverflow(64, long.MinValue),
            null => MayOverflow(32, int.MinValue) || MayOverflow(64, long.MinValue),
            _ => false,
        };

        bool MayOverflow(int bits, long smallest) => MayBe(0, bits, smallest) && MayBe(1, bits, -1);

        bool MayBe(int input, int bits, long value) => ranges.Of(node.Inputs[input]).MayBe(value, bits);
    }

    private static bool MayBe(GraphNode node, int input, IntegerRanges ranges, long value) =>
        input < node.Inputs.Count && node.Inputs[input].Length > 0 && ranges.Of(node.Inputs[input]).MayBe(value, ranges.TypeOf(node.Inputs[input]) == ElementTypes.Int32 ? 32 : 64);
}
