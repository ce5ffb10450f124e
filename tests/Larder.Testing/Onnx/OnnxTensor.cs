using System.Runtime.InteropServices;
using System.Text;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Larder.Testing.Onnx;

/// <summary>A <c>TensorProto</c>: an initialiser or an attribute.</summary>
public sealed class OnnxTensor : ProtoMessage<OnnxTensor>
{
    /// <summary>Numbers, as raw data. No dimensions make a scalar.</summary>
    public static OnnxTensor Of<T>(string name, T[] values, params long[] dims)
        where T : unmanaged =>
        Declare(name, ElementType<T>(), dims).Bytes(9, MemoryMarshal.AsBytes(values.AsSpan()));

    /// <summary>Strings.</summary>
    public static OnnxTensor Of(string name, string[] values, params long[] dims)
    {
        var tensor = Declare(name, TensorElementType.String, dims);
        foreach (var value in values)
            tensor.Bytes(6, Encoding.UTF8.GetBytes(value));
        return tensor;
    }

    /// <summary>A tensor of floats whose data lies in another file.</summary>
    public static OnnxTensor External(string name, string location, params long[] dims) => Place(Declare(name, TensorElementType.Float, dims), ("location", location));

    /// <summary>The same, at a place in the file.</summary>
    public static OnnxTensor ExternalAt(string name, string location, string offset, string length, params long[] dims) =>
        Place(Declare(name, TensorElementType.Float, dims), ("location", location), ("offset", offset), ("length", length));

    /// <summary>Says of a tensor that its data lies in another file.</summary>
    public static OnnxTensor Place(OnnxTensor tensor, params (string Key, string Value)[] entries)
    {
        foreach (var (key, value) in entries)
            tensor.Message(13, Proto.Entry(key, value));
        return tensor.Varint(14, 1);
    }

    /// <summary>Name, type and dimensions; the data follow as the caller likes.</summary>
    public static OnnxTensor Declare(string name, TensorElementType type, params long[] dims)
    {
        var tensor = new OnnxTensor();
        foreach (var dim in dims)
            tensor.Varint(1, dim);
        return tensor.Varint(2, (int)type).Text(8, name);
    }

    /// <summary>The same tensor as a <c>SparseTensorProto</c>'s values, at the given flat indices.</summary>
    public Proto Sparse(OnnxTensor indices, params long[] dims)
    {
        var sparse = new Proto().Message(1, this).Message(2, indices);
        foreach (var dim in dims)
            sparse.Varint(3, dim);
        return sparse;
    }

    private static TensorElementType ElementType<T>() => default(T) switch
    {
        float => TensorElementType.Float,
        byte => TensorElementType.UInt8,
        sbyte => TensorElementType.Int8,
        ushort => TensorElementType.UInt16,
        short => TensorElementType.Int16,
        int => TensorElementType.Int32,
        long => TensorElementType.Int64,
        bool => TensorElementType.Bool,
        Half => TensorElementType.Float16,
        double => TensorElementType.Double,
        uint => TensorElementType.UInt32,
        ulong => TensorElementType.UInt64,
        _ => throw new NotSupportedException($"No ONNX element type for {typeof(T)}; use Declare and Bytes."),
    };
}
