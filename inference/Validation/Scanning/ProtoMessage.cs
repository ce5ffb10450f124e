namespace Larder.Inference.Validation.Scanning;

/// <summary>A message of the ONNX schema: its fields by their numbers. Fields that are not in it are passed over, as protobuf does.</summary>
internal sealed class ProtoMessage(string name)
{
    private ProtoField?[] _fields = [];

    /// <summary>The message's name in the schema.</summary>
    public string Name => name;

    /// <summary>The field of a number, or null.</summary>
    public ProtoField? this[int number] => number < _fields.Length ? _fields[number] : null;

    /// <summary>Says which fields the message has; after construction, since messages contain each other.</summary>
    public void Define(params ReadOnlySpan<(int Number, ProtoField Field)> fields)
    {
        foreach (var (number, field) in fields)
        {
            if (number >= _fields.Length)
                Array.Resize(ref _fields, number + 1);
            _fields[number] = field;
        }
    }
}
