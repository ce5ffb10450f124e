using Larder.Inference.Signatures;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Larder.Testing.Onnx;

/// <summary>A <c>TypeProto</c>: what a value of the graph is.</summary>
public sealed class OnnxType : ProtoMessage<OnnxType>
{
    /// <summary>A tensor; no dimensions make it a scalar.</summary>
    public static OnnxType Tensor(Datatype datatype, params OnnxDim[] shape) => Tensor(datatype.ToOnnx(), shape);

    /// <summary>A tensor of any ONNX element type, also of those that C# cannot carry.</summary>
    public static OnnxType Tensor(TensorElementType type, params OnnxDim[] shape) =>
        new OnnxType().Message(1, new Proto().Varint(1, (int)type).Message(2, OnnxDim.Shape(shape)));

    /// <summary>A tensor that does not say how many dimensions it has.</summary>
    public static OnnxType TensorOfAnyRank(Datatype datatype) => new OnnxType().Message(1, new Proto().Varint(1, (int)datatype.ToOnnx()));

    /// <summary>A sparse tensor.</summary>
    public static OnnxType SparseTensor(Datatype datatype, params OnnxDim[] shape) =>
        new OnnxType().Message(8, new Proto().Varint(1, (int)datatype.ToOnnx()).Message(2, OnnxDim.Shape(shape)));

    /// <summary>A sequence.</summary>
    public static OnnxType Sequence(OnnxType element) => new OnnxType().Message(4, new Proto().Message(1, element));

    /// <summary>A map.</summary>
    public static OnnxType Map(Datatype key, OnnxType value) => new OnnxType().Message(5, new Proto().Varint(1, (int)key.ToOnnx()).Message(2, value));

    /// <summary>An optional value.</summary>
    public static OnnxType Optional(OnnxType element) => new OnnxType().Message(9, new Proto().Message(1, element));
}
