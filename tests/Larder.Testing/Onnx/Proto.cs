namespace Larder.Testing.Onnx;

/// <summary>A message of any kind: for the small ones, and for those that the ONNX schema does not know.</summary>
public sealed class Proto : ProtoMessage<Proto>
{
    /// <summary>A <c>StringStringEntryProto</c>.</summary>
    public static Proto Entry(string key, string value) => new Proto().Text(1, key).Text(2, value);
}
