namespace Larder.Inference.Validation.Scanning;

/// <summary>How a protobuf field is encoded. Groups (3 and 4) are deprecated, and ONNX never used them.</summary>
internal enum WireType
{
    Varint = 0,
    Fixed64 = 1,
    Length = 2,
    Fixed32 = 5,
}
