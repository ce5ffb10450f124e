namespace Larder.Sandbox.RangeAnalysis;

/// <summary>A graph of a file that ONNX Runtime wrote, without weights: nodes in an order in which they can run.</summary>
internal sealed class Graph
{
    /// <summary>Its nodes.</summary>
    public List<GraphNode> Nodes { get; } = [];

    /// <summary>Names of its outputs.</summary>
    public List<string> Outputs { get; } = [];

    /// <summary>Element types (<c>TensorProto.DataType</c>) of tensors by their names: those that the file tells, and then those that follow.</summary>
    public Dictionary<string, long> Types { get; } = [];

    /// <summary>The elements of small integer constants by their names.</summary>
    public Dictionary<string, long[]> Constants { get; } = [];
}
