namespace Larder.Testing.Onnx;

/// <summary>One dimension of a shape: a number, a symbolic name, or unknown (also written -1).</summary>
public readonly record struct OnnxDim(long? Value, string? Symbol)
{
    /// <summary>A number; -1 is an unknown dimension without a name.</summary>
    public static implicit operator OnnxDim(long value) => new(value == -1 ? null : value, null);

    /// <summary>A symbolic name.</summary>
    public static implicit operator OnnxDim(string symbol) => new(null, symbol);

    /// <summary>A <c>TensorShapeProto</c>.</summary>
    public static Proto Shape(IEnumerable<OnnxDim> dims)
    {
        var shape = new Proto();
        foreach (var dim in dims)
        {
            var message = new Proto();
            if (dim.Value is { } value)
                message.Varint(1, value);
            if (dim.Symbol is { } symbol)
                message.Text(2, symbol);
            shape.Message(1, message);
        }

        return shape;
    }
}
