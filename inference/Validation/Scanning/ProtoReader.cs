using System.Text;

namespace Larder.Inference.Validation.Scanning;

/// <summary>
/// Reads protobuf's wire format from a stream of any length in constant memory: values that nobody asks for are skipped, never allocated.
/// Stricter than protobuf's own parsers: what they repair or pass over silently is refused here, since two readers might disagree on it.
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

    /// <summary>Reads a length-delimited value's length, and sees that so much is left.</summary>
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
            // C strings end at a NUL: what lies behind it would be invisible to ONNX Runtime.
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

    /// <summary>Skips bytes that <see cref="ReadLength"/> has vouched for.</summary>
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

    /// <summary>Reads bytes that <see cref="ReadLength"/> has vouched for.</summary>
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
