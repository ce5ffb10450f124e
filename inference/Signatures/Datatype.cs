using System.Text.Json.Serialization;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Larder.Inference.Signatures;

/// <summary>
/// Element type of a tensor, by its Open Inference Protocol (V2) name, plus Triton's BF16.
/// Every ONNX element type that ONNX Runtime's C# API can carry has one.
/// </summary>
[JsonConverter(typeof(JsonStringEnumConverter<Datatype>))]
public enum Datatype
{
    /// <summary>Boolean, one byte.</summary>
    [JsonStringEnumMemberName("BOOL")] Bool,

    /// <summary>8-bit unsigned integer.</summary>
    [JsonStringEnumMemberName("UINT8")] UInt8,

    /// <summary>16-bit unsigned integer.</summary>
    [JsonStringEnumMemberName("UINT16")] UInt16,

    /// <summary>32-bit unsigned integer.</summary>
    [JsonStringEnumMemberName("UINT32")] UInt32,

    /// <summary>64-bit unsigned integer.</summary>
    [JsonStringEnumMemberName("UINT64")] UInt64,

    /// <summary>8-bit signed integer.</summary>
    [JsonStringEnumMemberName("INT8")] Int8,

    /// <summary>16-bit signed integer.</summary>
    [JsonStringEnumMemberName("INT16")] Int16,

    /// <summary>32-bit signed integer.</summary>
    [JsonStringEnumMemberName("INT32")] Int32,

    /// <summary>64-bit signed integer.</summary>
    [JsonStringEnumMemberName("INT64")] Int64,

    /// <summary>IEEE 754 half precision.</summary>
    [JsonStringEnumMemberName("FP16")] Fp16,

    /// <summary>bfloat16: the upper half of an FP32.</summary>
    [JsonStringEnumMemberName("BF16")] Bf16,

    /// <summary>IEEE 754 single precision.</summary>
    [JsonStringEnumMemberName("FP32")] Fp32,

    /// <summary>IEEE 754 double precision.</summary>
    [JsonStringEnumMemberName("FP64")] Fp64,

    /// <summary>Variable-length UTF-8 string (ONNX string).</summary>
    [JsonStringEnumMemberName("BYTES")] Bytes,
}

/// <summary>Facts about each <see cref="Datatype"/>: its protocol name, its size, its ONNX Runtime counterpart.</summary>
public static class Datatypes
{
    /// <summary>The Open Inference Protocol name, such as <c>FP32</c>.</summary>
    public static string Name(this Datatype datatype) => datatype switch
    {
        Datatype.Bool => "BOOL",
        Datatype.UInt8 => "UINT8",
        Datatype.UInt16 => "UINT16",
        Datatype.UInt32 => "UINT32",
        Datatype.UInt64 => "UINT64",
        Datatype.Int8 => "INT8",
        Datatype.Int16 => "INT16",
        Datatype.Int32 => "INT32",
        Datatype.Int64 => "INT64",
        Datatype.Fp16 => "FP16",
        Datatype.Bf16 => "BF16",
        Datatype.Fp32 => "FP32",
        Datatype.Fp64 => "FP64",
        _ => "BYTES",
    };

    /// <summary>Bytes of one element; 0 for <see cref="Datatype.Bytes"/>, whose elements have no fixed size.</summary>
    public static int Size(this Datatype datatype) => datatype switch
    {
        Datatype.Bool or Datatype.UInt8 or Datatype.Int8 => 1,
        Datatype.UInt16 or Datatype.Int16 or Datatype.Fp16 or Datatype.Bf16 => 2,
        Datatype.UInt32 or Datatype.Int32 or Datatype.Fp32 => 4,
        Datatype.UInt64 or Datatype.Int64 or Datatype.Fp64 => 8,
        _ => 0,
    };

    /// <summary>The datatype of an ONNX element type, or null when ONNX Runtime's C# API cannot carry it (complex, float8, int4).</summary>
    public static Datatype? FromOnnx(TensorElementType type) => type switch
    {
        TensorElementType.Bool => Datatype.Bool,
        TensorElementType.UInt8 => Datatype.UInt8,
        TensorElementType.UInt16 => Datatype.UInt16,
        TensorElementType.UInt32 => Datatype.UInt32,
        TensorElementType.UInt64 => Datatype.UInt64,
        TensorElementType.Int8 => Datatype.Int8,
        TensorElementType.Int16 => Datatype.Int16,
        TensorElementType.Int32 => Datatype.Int32,
        TensorElementType.Int64 => Datatype.Int64,
        TensorElementType.Float16 => Datatype.Fp16,
        TensorElementType.BFloat16 => Datatype.Bf16,
        TensorElementType.Float => Datatype.Fp32,
        TensorElementType.Double => Datatype.Fp64,
        TensorElementType.String => Datatype.Bytes,
        _ => null,
    };

    /// <summary>The ONNX element type of a datatype.</summary>
    public static TensorElementType ToOnnx(this Datatype datatype) => datatype switch
    {
        Datatype.Bool => TensorElementType.Bool,
        Datatype.UInt8 => TensorElementType.UInt8,
        Datatype.UInt16 => TensorElementType.UInt16,
        Datatype.UInt32 => TensorElementType.UInt32,
        Datatype.UInt64 => TensorElementType.UInt64,
        Datatype.Int8 => TensorElementType.Int8,
        Datatype.Int16 => TensorElementType.Int16,
        Datatype.Int32 => TensorElementType.Int32,
        Datatype.Int64 => TensorElementType.Int64,
        Datatype.Fp16 => TensorElementType.Float16,
        Datatype.Bf16 => TensorElementType.BFloat16,
        Datatype.Fp32 => TensorElementType.Float,
        Datatype.Fp64 => TensorElementType.Double,
        _ => TensorElementType.String,
    };
}
