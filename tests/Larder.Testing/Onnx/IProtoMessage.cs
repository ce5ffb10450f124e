namespace Larder.Testing.Onnx;

/// <summary>Something that has protobuf bytes.</summary>
public interface IProtoMessage
{
    /// <summary>The bytes.</summary>
    byte[] ToBytes();
}
