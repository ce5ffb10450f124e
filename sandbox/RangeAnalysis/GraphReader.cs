using System.Buffers.Binary;
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
    public static Graph Read(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        var reader = new GraphReader(new ProtoReader(file, CancellationToken.None));
        var graph = new Graph();
        var fields = reader._in.Begin(OnnxSchema.Model);
        while (reader._in.Next(ref fields, out var number))
        {
            if (number == 7)
                graph = reader.ReadGraph();
            else
                reader._in.Skip(fields, number);
        }

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
                case 1:
                    graph.Nodes.Add(ReadNode());
                    break;
                case 5:
                    var (name, type, values) = ReadTensor();
                    graph.Types[name] = type;
                    if (values is not null)
                        graph.Constants[name] = values;
                    break;
                case 11 or 13:
                    ReadValue(graph);
                    break;
                case 12:
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
                case 1:
                    node.Inputs.Add(_in.Name());
                    break;
                case 2:
                    node.Outputs.Add(_in.Name());
                    break;
                case 3:
                    node.Name = _in.Name();
                    break;
                case 4:
                    node.Type = _in.Name();
                    break;
                case 5:
                    ReadAttribute(node);
                    break;
                case 7:
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
                case 1:
                    name = _in.Name();
                    break;
                case 3:
                    integer = _in.Number();
                    break;
                case 5:
                    (_, type, value) = ReadTensor();
                    break;
                case 6 or 11:
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
            if (number == 1)
                name = _in.Name();
            else if (number == 2)
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
            if (number != 1)
            {
                _in.Skip(fields, number);
                continue;
            }

            var tensor = _in.Enter(OnnxSchema.TensorType);
            while (_in.Next(ref tensor, out number))
            {
                if (number == 1)
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
                case 2:
                    type = _in.Number();
                    break;
                case 5 or 7:
                    _in.Numbers(fields, values.Add);
                    break;
                case 8:
                    name = _in.Name();
                    break;
                case 9:
                    var length = _in.Values.ReadLength();
                    isKnown &= length <= MostBytes;
                    raw = isKnown ? _in.Values.ReadBytes((int)length) : null;
                    if (raw is null)
                        _in.Values.SkipBytes(length);
                    break;
                case 13:
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
