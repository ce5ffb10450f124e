using Google.Protobuf;

namespace Larder.Testing.Onnx;

/// <summary>
/// A protobuf message written field by field in the order of the calls, so that a test can also write what no serialiser would:
/// a field twice, a wrong wire type, bytes that end too early.
/// </summary>
public abstract class ProtoMessage<TSelf> : IProtoMessage
    where TSelf : ProtoMessage<TSelf>
{
    private readonly MemoryStream _bytes = new();

    /// <summary>Appends an integer (wire type 0).</summary>
    public TSelf Varint(int field, long value) => Write(field, WireFormat.WireType.Varint, output => output.WriteInt64(value));

    /// <summary>Appends a float (wire type 5).</summary>
    public TSelf Fixed32(int field, float value) => Write(field, WireFormat.WireType.Fixed32, output => output.WriteFloat(value));

    /// <summary>Appends a string (wire type 2).</summary>
    public TSelf Text(int field, string value) => Write(field, WireFormat.WireType.LengthDelimited, output => output.WriteString(value));

    /// <summary>Appends bytes (wire type 2).</summary>
    public TSelf Bytes(int field, ReadOnlySpan<byte> value)
    {
        using var output = new CodedOutputStream(_bytes, leaveOpen: true);
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteLength(value.Length);
        output.Flush();
        _bytes.Write(value);
        return (TSelf)this;
    }

    /// <summary>Appends a message (wire type 2).</summary>
    public TSelf Message(int field, IProtoMessage value) => Bytes(field, value.ToBytes());

    /// <summary>Appends bytes as they are, without a tag: anything goes.</summary>
    public TSelf Raw(params ReadOnlySpan<byte> bytes)
    {
        _bytes.Write(bytes);
        return (TSelf)this;
    }

    /// <summary>The message as it stands.</summary>
    public virtual byte[] ToBytes() => _bytes.ToArray();

    private TSelf Write(int field, WireFormat.WireType type, Action<CodedOutputStream> value)
    {
        using var output = new CodedOutputStream(_bytes, leaveOpen: true);
        output.WriteTag(field, type);
        value(output);
        return (TSelf)this;
    }
}
