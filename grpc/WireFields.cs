using System.Buffers.Binary;
using System.Text;
using Larder.Registry.Errors;

namespace Larder.Grpc;

/// <summary>How the value of a field is written (https://protobuf.dev/programming-guides/encoding/). Groups, which no proto3 message has, are refused.</summary>
internal enum WireType
{
    Varint = 0,
    Fixed64 = 1,
    Length = 2,
    Fixed32 = 5,
}

/// <summary>
/// The fields of a message of Protocol Buffers, one after another, in its bytes. Nothing is made of them: a generated message would need many times the memory of its bytes if these were
/// many small parts.
/// </summary>
internal struct WireFields(ReadOnlyMemory<byte> message)
{
    // Names and ids; a model's own names are shorter.
    private const int MostTextBytes = 64 << 10;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private ReadOnlyMemory<byte> _rest = message;

    /// <summary>The field's number.</summary>
    public int Number { get; private set; }

    /// <summary>How its value is written.</summary>
    public WireType Type { get; private set; }

    /// <summary>The value of a number.</summary>
    public ulong Value { get; private set; }

    /// <summary>The value of anything else: a text, bytes, a message, several numbers.</summary>
    public ReadOnlyMemory<byte> Bytes { get; private set; }

    /// <summary>Whether it is a field of that number, with a value of text, bytes, a message or several numbers.</summary>
    public readonly bool Is(int number) => Number == number && Type == WireType.Length;

    /// <summary>The value as text.</summary>
    /// <exception cref="InvalidRequestException">It is not UTF-8, or too long.</exception>
    public readonly string Text(string what)
    {
        if (Bytes.Length > MostTextBytes)
            throw new InvalidRequestException($"{what} has {Bytes.Length} bytes; at most {MostTextBytes} are read.");
        try
        {
            return Strict.GetString(Bytes.Span);
        }
        catch (DecoderFallbackException)
        {
            throw new InvalidRequestException($"{what} is not text in UTF-8.");
        }
    }

    /// <summary>Moves on to the next field; false behind the last.</summary>
    /// <exception cref="InvalidRequestException">The bytes are no message.</exception>
    public bool Next()
    {
        if (_rest.IsEmpty)
            return false;
        var tag = ReadVarint(ref _rest);
        Number = tag >> 3 is > 0 and <= int.MaxValue and var number ? (int)number : throw Damaged();
        Type = (WireType)(tag & 7);
        switch (Type)
        {
            case WireType.Varint:
                Value = ReadVarint(ref _rest);
                break;
            case WireType.Fixed64:
                Value = BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong)).Span);
                break;
            case WireType.Fixed32:
                Value = BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint)).Span);
                break;
            case WireType.Length:
                var length = ReadVarint(ref _rest);
                Bytes = Take(length <= int.MaxValue ? (int)length : throw Damaged());
                break;
            default:
                throw Damaged();
        }

        return true;
    }

    /// <summary>Reads a number of variable length.</summary>
    /// <exception cref="InvalidRequestException">There is none.</exception>
    public static ulong ReadVarint(ref ReadOnlyMemory<byte> bytes)
    {
        var span = bytes.Span;
        var value = 0UL;
        for (var i = 0; i < span.Length && i < 10; i++)
        {
            value |= (ulong)(span[i] & 0x7F) << (7 * i);
            if (span[i] >= 0x80)
                continue;
            bytes = bytes[(i + 1)..];
            return value;
        }

        throw Damaged();
    }

    private ReadOnlyMemory<byte> Take(int count)
    {
        if (count > _rest.Length)
            throw Damaged();
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }

    private static InvalidRequestException Damaged() => new("The bytes are not a message of Protocol Buffers.");
}
