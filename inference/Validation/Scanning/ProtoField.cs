namespace Larder.Inference.Validation.Scanning;

/// <summary>One field of a protobuf message.</summary>
/// <param name="Name">Its name in the schema, for error messages.</param>
/// <param name="WireType">How one value is encoded.</param>
/// <param name="Repeated">Whether it may occur more than once.</param>
/// <param name="Message">What its values are, when they are messages.</param>
internal sealed record ProtoField(string Name, WireType WireType, bool Repeated = false, ProtoMessage? Message = null)
{
    /// <summary>Numbers that repeat may also be packed into one length-delimited value.</summary>
    public bool Accepts(WireType wireType) => wireType == WireType || (Repeated && wireType == WireType.Length);
}
