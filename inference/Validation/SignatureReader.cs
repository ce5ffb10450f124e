using Larder.Inference.Signatures;
using Larder.Inference.Validation.Scanning;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Larder.Inference.Validation;

/// <summary>Reads a loaded model's inputs and outputs.</summary>
internal static class SignatureReader
{
    /// <summary>The signature of the session's model, in the order of its graph.</summary>
    /// <exception cref="InvalidModelException">An input or output is of a kind that cannot be sent or received.</exception>
    public static ModelSignature Read(InferenceSession session) => new(
        [.. session.InputNames.Select(name => Input(name, session.InputMetadata[name]))],
        [.. session.OutputNames.Select(name => Value($"output {Printable.Quoted(name)}", name, session.OutputMetadata[name]))])
    {
        OptionalInputs = [.. session.OverridableInitializerMetadata.Select(initializer => Input(initializer.Key, initializer.Value)).OrderBy(input => input.Name, StringComparer.Ordinal)],
    };

    private static ValueSignature Input(string name, NodeMetadata metadata)
    {
        var what = $"input {Printable.Quoted(name)}";
        return metadata.OnnxValueType == OnnxValueType.ONNX_TYPE_TENSOR
            ? Value(what, name, metadata)
            : throw new InvalidModelException($"The {what} is {Kind(metadata.OnnxValueType)}; only tensors can be sent to a model.");
    }

    private static ValueSignature Value(string what, string name, NodeMetadata metadata)
    {
        switch (metadata.OnnxValueType)
        {
            case OnnxValueType.ONNX_TYPE_TENSOR:
                return new ValueSignature
                {
                    Name = name,
                    Kind = ValueKind.Tensor,
                    Datatype = ElementType(what, metadata.ElementDataType),
                    Shape = [.. metadata.Dimensions.Select(dimension => dimension < 0 ? -1L : dimension)],
                };
            case OnnxValueType.ONNX_TYPE_SEQUENCE:
                return new ValueSignature
                {
                    Name = name,
                    Kind = ValueKind.Sequence,
                    Element = Value(what, "", metadata.AsSequenceMetadata().ElementMeta),
                };
            case OnnxValueType.ONNX_TYPE_MAP when metadata.AsMapMetadata() is { ValueMetadata.OnnxValueType: OnnxValueType.ONNX_TYPE_TENSOR } map:
                return new ValueSignature
                {
                    Name = name,
                    Kind = ValueKind.Map,
                    KeyDatatype = ElementType(what, map.KeyDataType),
                    Datatype = ElementType(what, map.ValueMetadata.ElementDataType),
                };
            default:
                // An optional output that turns out empty would end the process: ONNX Runtime's C# API reads it without looking.
                throw new InvalidModelException($"The {what} is {Kind(metadata.OnnxValueType)}; only tensors, sequences and maps from scalars to scalars can be received.");
        }
    }

    private static Datatype ElementType(string what, TensorElementType type) => Datatypes.FromOnnx(type)
        ?? throw new InvalidModelException($"The {what} has the element type {ElementTypes.Name((long)type)}, which cannot be sent or received.");

    private static string Kind(OnnxValueType type) => type switch
    {
        OnnxValueType.ONNX_TYPE_TENSOR => "a tensor",
        OnnxValueType.ONNX_TYPE_SEQUENCE => "a sequence",
        OnnxValueType.ONNX_TYPE_MAP => "a map",
        OnnxValueType.ONNX_TYPE_OPTIONAL => "optional",
        OnnxValueType.ONNX_TYPE_SPARSETENSOR => "a sparse tensor",
        _ => "of an unknown kind",
    };
}
