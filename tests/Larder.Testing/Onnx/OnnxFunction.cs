namespace Larder.Testing.Onnx;

/// <summary>A <c>FunctionProto</c>: an operator that the model itself defines.</summary>
public sealed class OnnxFunction : ProtoMessage<OnnxFunction>
{
    /// <summary>A function of the given domain that reads and writes the named values.</summary>
    public OnnxFunction(string domain, string name, string[] inputs, string[] outputs, long opset = 17)
    {
        Text(1, name);
        foreach (var input in inputs)
            Text(4, input);
        foreach (var output in outputs)
            Text(5, output);
        Message(9, new Proto().Varint(2, opset));
        Text(10, domain);
    }

    /// <summary>A node of the body.</summary>
    public OnnxFunction Node(OnnxNode node) => Message(7, node);
}
