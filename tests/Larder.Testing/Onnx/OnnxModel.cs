using Larder.Inference.Signatures;

namespace Larder.Testing.Onnx;

/// <summary>
/// Writes ONNX files (<c>ModelProto</c>), valid ones and others. The graph is written after the fields of the model, by <see cref="ToBytes"/>.
/// Ready-made models are the static methods.
/// </summary>
public sealed partial class OnnxModel : ProtoMessage<OnnxModel>
{
    /// <summary>A model of IR version 8 that imports opset 17, unless told otherwise.</summary>
    /// <param name="irVersion">IR version; null leaves it out.</param>
    /// <param name="opset">Version of ONNX's own operators; null leaves every import to <see cref="Opset"/>.</param>
    public OnnxModel(long? irVersion = 8, long? opset = 17)
    {
        if (irVersion is { } version)
            Varint(1, version);
        if (opset is { } imported)
            Opset("", imported);
    }

    /// <summary>The graph that <see cref="ToBytes"/> adds; null for a model without one.</summary>
    public OnnxGraph? Graph { get; private set; } = new();

    /// <summary>A model whose graph is given.</summary>
    public OnnxModel WithGraph(OnnxGraph? graph)
    {
        Graph = graph;
        return this;
    }

    /// <summary>Imports an operator set.</summary>
    public OnnxModel Opset(string domain, long version) =>
        Message(8, domain.Length == 0 ? new Proto().Varint(2, version) : new Proto().Text(1, domain).Varint(2, version));

    /// <summary>The tool that wrote the file.</summary>
    public OnnxModel Producer(string name, string version) => Text(2, name).Text(3, version);

    /// <summary>The file's documentation.</summary>
    public OnnxModel Documentation(string text) => Text(6, text);

    /// <summary>One entry of <c>metadata_props</c>.</summary>
    public OnnxModel Metadata(string key, string value) => Message(14, Proto.Entry(key, value));

    /// <summary>Training information with a graph that initialises.</summary>
    public OnnxModel Training(OnnxGraph initialization) => Message(20, new Proto().Message(1, initialization));

    /// <summary>An operator that the model itself defines.</summary>
    public OnnxModel Function(OnnxFunction function) => Message(25, function);

    /// <summary>A tensor input of the graph.</summary>
    public OnnxModel Input(string name, Datatype datatype, params OnnxDim[] shape) => Change(graph => graph.Input(name, datatype, shape));

    /// <summary>An input of the graph, of any type.</summary>
    public OnnxModel Input(string name, OnnxType type) => Change(graph => graph.Input(name, type));

    /// <summary>A tensor output of the graph.</summary>
    public OnnxModel Output(string name, Datatype datatype, params OnnxDim[] shape) => Change(graph => graph.Output(name, datatype, shape));

    /// <summary>An output of the graph, of any type.</summary>
    public OnnxModel Output(string name, OnnxType type) => Change(graph => graph.Output(name, type));

    /// <summary>A node without attributes.</summary>
    public OnnxModel Node(string op, string[] inputs, string[] outputs, string domain = "", string name = "") =>
        Change(graph => graph.Node(op, inputs, outputs, domain, name));

    /// <summary>A node.</summary>
    public OnnxModel Node(OnnxNode node) => Change(graph => graph.Node(node));

    /// <summary>A constant of the graph.</summary>
    public OnnxModel Initializer(OnnxTensor tensor) => Change(graph => graph.Initializer(tensor));

    /// <summary>A constant of the graph, stored sparsely.</summary>
    public OnnxModel SparseInitializer(Proto sparse) => Change(graph => graph.SparseInitializer(sparse));

    /// <summary>The file.</summary>
    public override byte[] ToBytes() => Graph is null ? base.ToBytes() : [.. base.ToBytes(), .. new Proto().Message(7, Graph).ToBytes()];

    /// <summary>Writes the file and answers its path.</summary>
    public string Save(string path)
    {
        File.WriteAllBytes(path, ToBytes());
        return path;
    }

    private OnnxModel Change(Action<OnnxGraph> change)
    {
        change(Graph!);
        return this;
    }
}
