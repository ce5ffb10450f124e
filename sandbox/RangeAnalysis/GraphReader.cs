using System.Buffers.Binary;
using Larder.Inference.Signatures;
using Larder.Inference.Validation;
using Larder.Inference.Validation.Scanning;

namespace Larder.Sandbox.RangeAnalysis;

/// <summary>Reads the graph of a file that ONNX Runtime wrote: nodes, types and small integers.</summary>
internal sealed class GraphReader
{
    // Divisors and the like; what is larger is weights.
    private const int MostBytes = 4_096;

    private readonly MessageReader _in;

    private GraphReader(ProtoReader reader) => _in = new MessageReader(reader, new ValidationLimits().MaxNesting);

    /// <summary>Reads the main graph.</summary>
    /// <param name="path">The file.</param>
    /// <param name="optionalInputs">Initializers that are no constants, since a client may send others.</param>
    public static Graph Read(string path, IReadOnlyList<ValueSignature> optionalInputs)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        var reader = new GraphReader(new ProtoReader(file, CancellationToken.None));
        var graph = new Graph();
        var fields = reader._in.Begin(OnnxSchema.Model);
        while (reader._in.Next(ref fields, out var number))
        {
            if (number == ModelFields.Graph)
                graph = reader.ReadGraph();
            else
                reader._in.Skip(fields, number);
        }

        foreach (var input in optionalInputs)
            graph.Constants.Remove(input.Name);
        return graph;
    }

    private Graph ReadGraph()
    {
        var graph = new Graph();
        var fields = _in.Enter(OnnxSchema.Graph);
        while (_in.Next(ref fields, out var number))
        {
            switch (number)
            {
                case GraphFields.Node:
                    graph.Nodes.Add(ReadNode());
                    break;
                case GraphFields.Initializer:
                    var (name, type, values) = ReadTensor();
                    graph.Types[name] = type;
                    if (values is not null)
                        graph.Constants[name] = values;
                    break;
                case GraphFields.Input or GraphFields.ValueInfo:
                    ReadValue(graph);
                    break;
                case GraphFields.Output:
                    graph.Outputs.Add(ReadValue(graph));
                    break;
                default:
                    _in.Skip(fields, number);
                    break;
            }
        }

        return graph;
    }

    private GraphNode ReadNode()
    {
        var node = new GraphNode();
        var fields = _in.Enter(OnnxSchema.Node);
        while (_in.Next(ref fields, out var number))
        {
            switch (number)
            {
                case NodeFields.Input:
                    node.Inputs.Add(_in.Name());
                    break;
                case NodeFields.Output:
                    node.Outputs.Add(_in.Name());
                    break;
                case NodeFields.Name:
                    node.Name = _in.Name();
                    break;
                case NodeFields.OpType:
                    node.Type = _in.Name();
                    break;
                case NodeFields.Attribute:
                    ReadAttribute(node);
                    break;
                case NodeFields.Domain:
                    node.Domain = _in.Name();
                    break;
                default:
                    _in.Skip(fields, number);
                    break;
            }
        }

        node.Domain = OnnxSupport.Domain(node.Domain);
        return node;
    }

    private void ReadAttribute(GraphNode node)
    {
        var name = "";
        long? integer = null;
        long? type = null;
        long[]? value = null;
        var fields = _in.Enter(OnnxSchema.Attribute);
        while (_in.Next(ref fields, out var number))
        {
            switch (number)
            {
                case AttributeFields.Name:
                    name = _in.Name();
                    break;
                case AttributeFields.I:
                    integer = _in.Number();
                    break;
                case AttributeFields.T:
                    (_, type, value) = ReadTensor();
                    break;
                case AttributeFields.G or AttributeFields.Graphs:
                    node.Graphs.Add(ReadGraph());
                    break;
                default:
                    _in.Skip(fields, number);
                    break;
            }
        }

        if (integer is { } number64)
            node.Integers[name] = number64;
        if (name == "value")
            (node.Value, node.ValueType) = (value, type);
    }

    private string ReadValue(Graph graph)
    {
        var name = "";
        long? type = null;
        var fields = _in.Enter(OnnxSchema.Value);
        while (_in.Next(ref fields, out var number))
        {
            if (number == ValueFields.Name)
                name = _in.Name();
            else if (number == ValueFields.Type)
                type = ReadType();
            else
                _in.Skip(fields, number);
        }

        if (type is { } known)
            graph.Types[name] = known;
        return name;
    }

    // Null for what is no tensor.
    private long? ReadType()
    {
        long? type = null;
        var fields = _in.Enter(OnnxSchema.Type);
        while (_in.Next(ref fields, out var number))
        {
            if (number != TypeFields.TensorType)
            {
                _in.Skip(fields, number);
                continue;
            }

            var tensor = _in.Enter(OnnxSchema.TensorType);
            while (_in.Next(ref tensor, out number))
            {
                if (number == TensorTypeFields.ElemType)
                    type = _in.Number();
                else
                    _in.Skip(tensor, number);
            }
        }

        return type;
    }

    private (string Name, long Type, long[]? Values) ReadTensor()
    {
        var name = "";
        var type = 0L;
        var values = new List<long>();
        byte[]? raw = null;
        var isKnown = true;
        var fields = _in.Enter(OnnxSchema.Tensor);
        while (_in.Next(ref fields, out var number))
        {
            switch (number)
            {
                case TensorFields.DataType:
                    type = _in.Number();
                    break;
                case TensorFields.Int32Data or TensorFields.Int64Data:
                    _in.Numbers(fields, values.Add);
                    break;
                case TensorFields.Name:
                    name = _in.Name();
                    break;
                case TensorFields.RawData:
                    var length = _in.Values.ReadLength();
                    isKnown &= length <= MostBytes;
                    raw = isKnown ? _in.Values.ReadBytes((int)length) : null;
                    if (raw is null)
                        _in.Values.SkipBytes(length);
                    break;
                case TensorFields.ExternalData:
                    isKnown = false;
                    _in.Skip(fields, number);
                    break;
                default:
                    _in.Skip(fields, number);
                    break;
            }
        }

        isKnown &= type is ElementTypes.Int32 or ElementTypes.Int64 && values.Count <= MostBytes;
        return (name, type, !isKnown ? null : raw is null ? [.. values] : Integers(raw, type == ElementTypes.Int32 ? 4 : 8));
    }

    private static long[] Integers(byte[] raw, int size) => [.. raw.Chunk(size).Select(bytes =>
        size == 4 ? BinaryPrimitives.ReadInt32LittleEndian(bytes) : BinaryPrimitives.ReadInt64LittleEndian(bytes))];
}
