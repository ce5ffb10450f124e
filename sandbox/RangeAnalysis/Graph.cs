namespace Larder.Sandbox.RangeAnalysis;

/// <summary>A graph of a file that ONNX Runtime wrote, without weights: nodes in an order in which they can run.</summary>
internal sealed class Graph
{
    public List<GraphNode> Nodes { get; } = [];

    public List<string> Outputs { get; } = [];

    /// <summary>Element types (<c>TensorProto.DataType</c>) of tensors by their names: those that the file tells, and then those that follow.</summary>
    public Dictionary<string, long> Types { get; } = [];

    /// <summary>The elements of small integer constants by their names.</summary>
    public Dictionary<string, long[]> Constants { get; } = [];
}

/// <summary>One node of a <see cref="Graph"/>.</summary>
internal sealed class GraphNode
{
    /// <summary>The operator's domain.</summary>
    public string Domain { get; set; } = "";

    /// <summary>The operator.</summary>
    public string Type { get; set; } = "";

    /// <summary>The node's own name, which may be empty.</summary>
    public string Name { get; set; } = "";

    /// <summary>Names of its inputs; empty for optional inputs that are absent.</summary>
    public List<string> Inputs { get; } = [];

    /// <summary>Names of its outputs; empty for outputs that no node reads.</summary>
    public List<string> Outputs { get; } = [];

    /// <summary>Attributes that are integers.</summary>
    public Dictionary<string, long> Integers { get; } = [];

    /// <summary>The attribute <c>value</c>, where it is a small integer tensor.</summary>
    public long[]? Value { get; set; }

    /// <summary>The element type of the attribute <c>value</c>, where that is a tensor.</summary>
    public long? ValueType { get; set; }

    /// <summary>Graphs in its attributes.</summary>
    public List<Graph> Graphs { get; } = [];
}
