namespace Larder.Testing.Onnx;

/// <summary>A <c>NodeProto</c>: one operator of a graph, with its attributes.</summary>
public sealed class OnnxNode : ProtoMessage<OnnxNode>
{
    /// <summary>An operator with the names of what it reads and writes; an empty domain is ONNX's own.</summary>
    public OnnxNode(string op, string[] inputs, string[] outputs, string domain = "", string name = "")
    {
        foreach (var input in inputs)
            Text(1, input);
        foreach (var output in outputs)
            Text(2, output);
        if (name.Length > 0)
            Text(3, name);
        Text(4, op);
        if (domain.Length > 0)
            Text(7, domain);
    }

    /// <summary>An integer attribute.</summary>
    public OnnxNode Int(string name, long value) => Attribute(name, 2, a => a.Varint(3, value));

    /// <summary>A float attribute.</summary>
    public OnnxNode Float(string name, float value) => Attribute(name, 1, a => a.Fixed32(2, value));

    /// <summary>A string attribute.</summary>
    public OnnxNode String(string name, string value) => Attribute(name, 3, a => a.Text(4, value));

    /// <summary>A tensor attribute.</summary>
    public OnnxNode Tensor(string name, OnnxTensor value) => Attribute(name, 4, a => a.Message(5, value));

    /// <summary>A graph attribute.</summary>
    public OnnxNode Graph(string name, OnnxGraph value) => Attribute(name, 5, a => a.Message(6, value));

    /// <summary>A sparse tensor attribute.</summary>
    public OnnxNode SparseTensor(string name, Proto value) => Attribute(name, 11, a => a.Message(22, value));

    /// <summary>A list of floats.</summary>
    public OnnxNode Floats(string name, params float[] values) => Attribute(name, 6, a => Array.ForEach(values, value => a.Fixed32(7, value)));

    /// <summary>A list of integers.</summary>
    public OnnxNode Ints(string name, params long[] values) => Attribute(name, 7, a => Array.ForEach(values, value => a.Varint(8, value)));

    /// <summary>A list of strings.</summary>
    public OnnxNode Strings(string name, params string[] values) => Attribute(name, 8, a => Array.ForEach(values, value => a.Text(9, value)));

    /// <summary>A list of tensors.</summary>
    public OnnxNode Tensors(string name, params OnnxTensor[] values) => Attribute(name, 9, a => Array.ForEach(values, value => a.Message(10, value)));

    /// <summary>A list of graphs.</summary>
    public OnnxNode Graphs(string name, params OnnxGraph[] values) => Attribute(name, 10, a => Array.ForEach(values, value => a.Message(11, value)));

    /// <summary>An attribute written by the caller: <c>AttributeProto</c> fields after its name and type.</summary>
    public OnnxNode Attribute(string name, int type, Action<Proto> value)
    {
        var attribute = new Proto().Text(1, name).Varint(20, type);
        value(attribute);
        return Message(5, attribute);
    }
}
