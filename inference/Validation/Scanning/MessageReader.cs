namespace Larder.Inference.Validation.Scanning;

/// <summary>
/// Walks the messages of <see cref="OnnxSchema"/>, and refuses what is not of that schema: fields of another wire type, fields twice that
/// may be there once, nesting without end.
/// </summary>
/// <param name="reader">The file.</param>
/// <param name="maxNesting">Deepest nesting of messages, the outermost being 1.</param>
internal sealed class MessageReader(ProtoReader reader, int maxNesting)
{
    private const int MaxNameBytes = 4_096;

    private int _depth;

    /// <summary>The values of the file.</summary>
    public ProtoReader Values => reader;

    /// <summary>Begins with the file's own message.</summary>
    public Fields Begin(ProtoMessage message)
    {
        _depth = 1;
        return new Fields(message, Outer: 0);
    }

    /// <summary>Begins with the message that is the current field's value.</summary>
    public Fields Enter(ProtoMessage message)
    {
        if (_depth == maxNesting)
            throw new InvalidModelException($"The model is nested more than {maxNesting} levels deep.");
        _depth++;
        return new Fields(message, reader.Enter());
    }

    /// <summary>Goes to the message's next field; at its end, goes back to the message around it and answers false.</summary>
    public bool Next(ref Fields fields, out int number)
    {
        while (!reader.AtEnd)
        {
            number = reader.ReadTag(out var wireType);
            if (fields.Message[number] is not { } field)
            {
                reader.Skip(wireType);
                continue;
            }

            if (!field.Accepts(wireType))
                throw ProtoReader.Damaged($"{field.Name} of a {fields.Message.Name} in wire type {(int)wireType}");
            if (!field.Repeated && (fields.Seen & (1UL << number)) != 0)
                throw new InvalidModelException($"The file gives {field.Name} of a {fields.Message.Name} twice, so that readers may disagree on what it is.");
            fields = fields with { Seen = fields.Seen | (1UL << number), WireType = wireType };
            return true;
        }

        number = 0;
        if (--_depth > 0)
            reader.Leave(fields.Outer);
        return false;
    }

    /// <summary>Reads the current field's value as an integer.</summary>
    public long Number() => (long)reader.ReadVarint();

    /// <summary>Reads the current field's value as a name.</summary>
    public string Name() => reader.ReadText(MaxNameBytes);

    /// <summary>Reads the current field's value or values as integers: they may be packed.</summary>
    public void Numbers(in Fields fields, Action<long> number)
    {
        if (fields.WireType == WireType.Varint)
        {
            number(Number());
            return;
        }

        var outer = reader.Enter();
        while (!reader.AtEnd)
            number(Number());
        reader.Leave(outer);
    }

    /// <summary>Skips the current field's value, but sees that messages in it are well-formed. Not for messages that hold tensors.</summary>
    public void Skip(in Fields fields, int number)
    {
        if (fields.Message[number]!.Message is not { } message)
        {
            SkipEntries(fields, number);
            return;
        }

        var inner = Enter(message);
        while (Next(ref inner, out number))
            Skip(inner, number);
    }

    /// <summary>Skips the current field's value and answers how many it is: numbers may be packed, and then are as many as fit.</summary>
    public long SkipEntries(in Fields fields, int number)
    {
        var field = fields.Message[number]!;
        if (fields.WireType != WireType.Length || field.WireType == WireType.Length)
        {
            reader.Skip(fields.WireType);
            return 1;
        }

        var length = reader.ReadLength();
        if (field.WireType == WireType.Varint)
            return reader.CountVarints(length);
        var size = field.WireType == WireType.Fixed32 ? 4 : 8;
        if (length % size != 0)
            throw ProtoReader.Damaged($"a list of numbers in {field.Name} that ends in the middle of one");
        reader.SkipBytes(length);
        return length / size;
    }

    /// <summary>Where the reader is in one message.</summary>
    /// <param name="Message">The message.</param>
    /// <param name="Outer">The end of the message around it.</param>
    /// <param name="Seen">A bit for each field that was there.</param>
    /// <param name="WireType">How the current field's value is encoded.</param>
    public readonly record struct Fields(ProtoMessage Message, long Outer, ulong Seen = 0, WireType WireType = WireType.Length);
}
