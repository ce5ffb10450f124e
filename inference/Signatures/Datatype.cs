using System.Text.Json.Serialization;

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
