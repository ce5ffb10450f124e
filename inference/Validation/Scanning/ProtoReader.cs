using System.Text;

namespace Larder.Inference.Validation.Scanning;

/// <summary>
/// Reads protobuf's wire format from a stream of any length in constant memory: values that the caller does not read are skipped, never allocated.
/// Stricter than protobuf's own parsers: input that they repair or ignore is rejected, since two readers might disagree on it.
/// </summary>
/// <remarks>
/// Reading is synchronous: a scan is one pass over a local file, mostly seeks, and awaiting each byte of it would cost more than the file does.
/// </remarks>
internal sealed class ProtoReader
{
    private const int MaxVarintBytes = 10;
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    private readonly Stream _stream;
    private readonly CancellationToken _cancellation;
    private readonly byte[] _buffer = new byte[1 << 16];
    private readonly long _fileEnd;
    private long _bufferStart;
    private int _at;
    private int _filled;
    private long _limit;
    private int _depth;

    public ProtoReader(Stream stream, CancellationToken cancellationToken)
    {
        _stream = stream;
        _cancellation = cancellationToken;
        _fileEnd = stream.CanSeek ? stream.Length - stream.Position : long.MaxValue;
        _limit = _fileEnd;
        if (stream.CanSeek && _fileEnd > int.MaxValue)
            throw TooLarge();
        Fill();
    }

    /// <summary>Bytes read or skipped so far.</summary>
    public long Position => _bufferStart + _at;

    /// <summary>The first bytes of the file, before anything is read.</summary>
    public ReadOnlySpan<byte> Head => _buffer.AsSpan(0, _filled);

    /// <summary>True at the end of the current message.</summary>
    public bool AtEnd => Position == _limit || (_limit == long.MaxValue && _at == _filled && !Fill());

    /// <summary>Reads a field's number and wire type.</summary>
    public int ReadTag(out WireType wireType)
    {
        var start = Position;
        var tag = ReadVarint();
        wireType = (WireType)(tag & 7);
        if (tag > uint.MaxValue || tag >> 3 == 0)
            throw Damaged($"an impossible field number at byte {start}");
        if (wireType is not (WireType.Varint or WireType.Fixed64 or WireType.Length or WireType.Fixed32))
            throw Damaged($"a field of unknown wire type {(int)wireType} at byte {start}");
        return (int)(tag >> 3);
    }

    /// <summary>Reads a variable-length integer.</summary>
    public ulong ReadVarint()
    {
        ulong value = 0;
        for (var i = 0; i < MaxVarintBytes; i++)
        {
            var next = ReadByte();
            if (i == MaxVarintBytes - 1 && next > 1)
                break;
            value |= (ulong)(next & 0x7F) << (7 * i);
            if (next < 0x80)
                return value;
        }

        throw Damaged($"an integer that is too long before byte {Position}");
    }

    /// <summary>Reads a length and makes what it spans the current message; give the answer to <see cref="Leave"/> at its end.</summary>
    public long Enter()
    {
        var outer = _limit;
        var length = ReadLength();
        _limit = Position + length;
        _depth++;
        return outer;
    }

    /// <summary>Makes the outer message the current one again.</summary>
    public void Leave(long outer)
    {
        _limit = outer;
        _depth--;
    }

    /// <summary>Reads a length-delimited value's length, and checks that so many bytes are left.</summary>
    public long ReadLength()
    {
        var start = Position;
        var length = ReadVarint();
        var left = (ulong)(_limit - Position);
        if (length <= left)
            return (long)length;
        throw _depth == 0 ? Truncated($"a field at byte {start} is {length} bytes long, and {left} follow") : TooLong(start);
    }

    /// <summary>Reads a string of at most <paramref name="most"/> bytes of UTF-8.</summary>
    public string ReadText(int most)
    {
        var start = Position;
        var length = ReadLength();
        if (length > most)
            throw new InvalidModelException($"A name in the model is {length} bytes long; at most {most} are allowed.");
        try
        {
            var text = Strict.GetString(ReadBytes((int)length));
            // C strings end at a NUL: ONNX Runtime would not see the rest.
            return text.Contains('\0') ? throw Damaged($"a name with a NUL character at byte {start}") : text;
        }
        catch (DecoderFallbackException)
        {
            throw Damaged($"a name that is not UTF-8 at byte {start}");
        }
    }

    /// <summary>Reads the beginning of a text, at most <paramref name="most"/> bytes, and skips the rest.</summary>
    public string ReadBeginning(int most)
    {
        var length = ReadLength();
        var taken = (int)Math.Min(length, most);
        var text = Encoding.UTF8.GetString(ReadBytes(taken));
        SkipBytes(length - taken);
        return text;
    }

    /// <summary>Skips a field's value.</summary>
    public void Skip(WireType wireType)
    {
        switch (wireType)
        {
            case WireType.Varint:
                ReadVarint();
                break;
            case WireType.Fixed64:
                SkipFixed(8);
                break;
            case WireType.Fixed32:
                SkipFixed(4);
                break;
            default:
                SkipBytes(ReadLength());
                break;
        }
    }

    /// <summary>Skips bytes that <see cref="ReadLength"/> has checked.</summary>
    public void SkipBytes(long count)
    {
        var buffered = _filled - _at;
        if (count <= buffered)
        {
            _at += (int)count;
            return;
        }

        if (_stream.CanSeek)
        {
            var target = Position + count;
            _stream.Seek(count - buffered, SeekOrigin.Current);
            _bufferStart = target;
            _at = _filled = 0;
            return;
        }

        while (count > 0)
        {
            Need();
            var step = (int)Math.Min(count, _filled - _at);
            _at += step;
            count -= step;
        }
    }

    /// <summary>Reads bytes that <see cref="ReadLength"/> has checked.</summary>
    public byte[] ReadBytes(int length)
    {
        var bytes = new byte[length];
        for (var done = 0; done < length;)
        {
            Need();
            var step = Math.Min(length - done, _filled - _at);
            _buffer.AsSpan(_at, step).CopyTo(bytes.AsSpan(done));
            _at += step;
            done += step;
        }

        return bytes;
    }

    /// <summary>Counts the integers that are packed into the next <paramref name="length"/> bytes, and skips them.</summary>
    public long CountVarints(long length)
    {
        long count = 0;
        var run = 0;
        while (length > 0)
        {
            Need();
            var span = _buffer.AsSpan(_at, (int)Math.Min(length, _filled - _at));
            foreach (var next in span)
            {
                if (++run > MaxVarintBytes)
                    throw Damaged($"an integer that is too long after byte {Position}");
                if (next >= 0x80)
                    continue;
                count++;
                run = 0;
            }

            _at += span.Length;
            length -= span.Length;
        }

        return run == 0 ? count : throw Damaged($"a list of integers that ends in the middle of one before byte {Position}");
    }

    /// <summary>The file says something that protobuf does not allow.</summary>
    public static InvalidModelException Damaged(string what) => new($"The file is damaged: it holds {what}.");

    private static InvalidModelException Truncated(string what) => new($"The file is truncated: {what}.");

    private static InvalidModelException TooLong(long start) => Damaged($"a field at byte {start} that is longer than the message around it");

    private static InvalidModelException TooLarge() => new($"The file is larger than {int.MaxValue} bytes, the most that protobuf, and so ONNX, allows.");

    private void SkipFixed(int size)
    {
        for (var i = 0; i < size; i++)
            ReadByte();
    }

    private byte ReadByte()
    {
        if (Position == _limit && _depth > 0)
            throw TooLong(Position);
        Need();
        return _buffer[_at++];
    }

    private void Need()
    {
        if (_at == _filled && !Fill())
            throw Truncated($"it ends at byte {Position} in the middle of a field");
    }

    private bool Fill()
    {
        _cancellation.ThrowIfCancellationRequested();
        _bufferStart += _filled;
        _at = 0;
        _filled = _stream.Read(_buffer);
        if (_bufferStart + _filled > int.MaxValue)
            throw TooLarge();
        return _filled > 0;
    }
}

/// <summary>Encoding of a protobuf field. Groups (3 and 4) are deprecated, and ONNX never used them.</summary>
internal enum WireType
{
    Varint = 0,
    Fixed64 = 1,
    Length = 2,
    Fixed32 = 5,
}

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

/// <summary>A message of the ONNX schema: its fields by their numbers. Unknown fields are skipped, as protobuf does.</summary>
internal sealed class ProtoMessage(string name)
{
    private ProtoField?[] _fields = [];

    /// <summary>The message's name in the schema.</summary>
    public string Name => name;

    /// <summary>The field of a number, or null.</summary>
    public ProtoField? this[int number] => number < _fields.Length ? _fields[number] : null;

    /// <summary>Sets the fields; after construction, since messages contain each other.</summary>
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

/// <summary>
/// Walks the messages of <see cref="OnnxSchema"/>, and rejects what violates it: fields of another wire type, repeated fields that
/// may occur once, nesting that is too deep.
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

    /// <summary>Skips the current field's value, but checks that messages in it are well-formed. Not for messages that hold tensors.</summary>
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

    /// <summary>Skips the current field's value and returns the number of values: numbers may be packed.</summary>
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

    /// <summary>Position in one message.</summary>
    /// <param name="Message">The message.</param>
    /// <param name="Outer">The end of the message around it.</param>
    /// <param name="Seen">A bit for each field that occurred.</param>
    /// <param name="WireType">How the current field's value is encoded.</param>
    public readonly record struct Fields(ProtoMessage Message, long Outer, ulong Seen = 0, WireType WireType = WireType.Length);
}
