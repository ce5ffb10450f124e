using Larder.Inference.Signatures;

namespace Larder.Testing.Onnx;

/// <summary>A <c>GraphProto</c>: a model's own graph, or the body of a Loop, Scan or If.</summary>
public sealed class OnnxGraph : ProtoMessage<OnnxGraph>
{
    /// <summary>An empty graph.</summary>
    public OnnxGraph(string name = "graph") => Text(2, name);

    /// <summary>A tensor input.</summary>
    public OnnxGraph Input(string name, Datatype datatype, params OnnxDim[] shape) => Input(name, OnnxType.Tensor(datatype, shape));

    /// <summary>An input of any type.</summary>
    public OnnxGraph Input(string name, OnnxType type) => Value(11, name, type);

    /// <summary>A tensor output.</summary>
    public OnnxGraph Output(string name, Datatype datatype, params OnnxDim[] shape) => Output(name, OnnxType.Tensor(datatype, shape));

    /// <summary>An output of any type.</summary>
    public OnnxGraph Output(string name, OnnxType type) => Value(12, name, type);

    /// <summary>A node without attributes.</summary>
    public OnnxGraph Node(string op, string[] inputs, string[] outputs, string domain = "", string name = "") =>
        Node(new OnnxNode(op, inputs, outputs, domain, name));

    /// <summary>A node.</summary>
    public OnnxGraph Node(OnnxNode node) => Message(1, node);

    /// <summary>A constant input of the graph.</summary>
    public OnnxGraph Initializer(OnnxTensor tensor) => Message(5, tensor);

    /// <summary>A constant input of the graph, stored sparsely.</summary>
    public OnnxGraph SparseInitializer(Proto sparse) => Message(15, sparse);

    /// <summary>The graph's documentation.</summary>
    public OnnxGraph Documentation(string text) => Text(10, text);

    private OnnxGraph Value(int field, string name, OnnxType type) => Message(field, new Proto().Text(1, name).Message(2, type));
}
