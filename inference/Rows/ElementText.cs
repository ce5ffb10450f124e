using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;
using Larder.Inference.Validation.Scanning;

namespace Larder.Inference.Rows;

/// <summary>Reads one element of a tensor from the text of a data set. NaN, infinities and numbers out of range are none; <see cref="MissingValues"/> knows the first two.</summary>
internal static class ElementText
{
    private const int LongestQuote = 40;

    public static ElementError Read(Datatype datatype, ReadOnlySpan<byte> text, Span<byte> destination) => datatype switch
    {
        Datatype.Fp32 => ReadFp32(text, destination),
        Datatype.Fp64 => ReadFp64(text, destination),
        Datatype.Int64 => ReadInteger<long>(text, destination),
        Datatype.Int32 => ReadInteger<int>(text, destination),
        Datatype.Int16 => ReadInteger<short>(text, destination),
        Datatype.Int8 => ReadInteger<sbyte>(text, destination),
        Datatype.UInt64 => ReadInteger<ulong>(text, destination),
        Datatype.UInt32 => ReadInteger<uint>(text, destination),
        Datatype.UInt16 => ReadInteger<ushort>(text, destination),
        Datatype.UInt8 => ReadInteger<byte>(text, destination),
        Datatype.Bool => ReadBool(text, destination),
        Datatype.Fp16 => ReadFp16(text, destination),
        _ => ReadBf16(text, destination),
    };

    public static string Explain(ElementError error, Datatype datatype, ReadOnlySpan<byte> text)
    {
        if (text.Trim((byte)' ').IsEmpty)
            return $"it is empty, {MissingValues.Hint(datatype)}";
        var shown = Printable.Line(Encoding.UTF8.GetString(text[..Math.Min(text.Length, 2 * LongestQuote)]), LongestQuote);
        return error switch
        {
            ElementError.Missing => $"'{shown}' is {MissingValues.Hint(datatype)}",
            ElementError.NotIntegral => $"'{shown}' is not an integer ({datatype.Name()})",
            ElementError.OutOfRange => $"'{shown}' is out of the range of {datatype.Name()}",
            _ => $"'{shown}' is not {(datatype == Datatype.Bool ? "true or false" : "a number")} ({datatype.Name()})",
        };
    }

    private static ElementError ReadFp32(ReadOnlySpan<byte> text, Span<byte> destination)
    {
        float value = 0;
        if (!(IsPlain(text) && ShortDecimal.TryRead(text, out value)) && !float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value))
            return ElementError.WrongToken;
        MemoryMarshal.Write(destination, in value);
        return float.IsFinite(value) ? ElementError.None : ElementError.OutOfRange;
    }

    private static ElementError ReadFp64(ReadOnlySpan<byte> text, Span<byte> destination)
    {
        double value = 0;
        if (!(IsPlain(text) && ShortDecimal.TryRead(text, out value)) && !double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value))
            return ElementError.WrongToken;
        MemoryMarshal.Write(destination, in value);
        return double.IsFinite(value) ? ElementError.None : ElementError.OutOfRange;
    }

    // A number in JSON syntax without exponent, which ShortDecimal requires.
    private static bool IsPlain(ReadOnlySpan<byte> text)
    {
        var digits = text.StartsWith((byte)'-') ? text[1..] : text;
        return !digits.IsEmpty && char.IsAsciiDigit((char)digits[0]) && char.IsAsciiDigit((char)digits[^1]) && digits.Count((byte)'.') <= 1;
    }

    private static ElementError ReadFp16(ReadOnlySpan<byte> text, Span<byte> destination)
    {
        if (!Half.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
            return ElementError.WrongToken;
        MemoryMarshal.Write(destination, in value);
        return Half.IsFinite(value) ? ElementError.None : ElementError.OutOfRange;
    }

    // .NET cannot parse bfloat16; Bf16Reader rounds only once.
    private static ElementError ReadBf16(ReadOnlySpan<byte> text, Span<byte> destination)
    {
        try
        {
            var reader = new Utf8JsonReader(text);
            return reader.Read() ? Bf16Reader.Read(ref reader, destination) : ElementError.WrongToken;
        }
        catch (JsonException)
        {
            return ElementError.WrongToken;
        }
    }

    private static ElementError ReadBool(ReadOnlySpan<byte> text, Span<byte> destination)
    {
        text = text.Trim((byte)' ');
        var isTrue = Ascii.EqualsIgnoreCase(text, "true"u8) || text.SequenceEqual("1"u8);
        destination[0] = isTrue ? (byte)1 : (byte)0;
        return isTrue || Ascii.EqualsIgnoreCase(text, "false"u8) || text.SequenceEqual("0"u8) ? ElementError.None : ElementError.WrongToken;
    }

    private static ElementError ReadInteger<T>(ReadOnlySpan<byte> text, Span<byte> destination)
        where T : unmanaged, IBinaryInteger<T>
    {
        if (T.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var value))
        {
            MemoryMarshal.Write(destination, in value);
            return ElementError.None;
        }

        // 1.0 and 1e3 are integers too.
        if (!decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
            return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _) ? ElementError.OutOfRange : ElementError.WrongToken;
        if (number != decimal.Truncate(number))
            return ElementError.NotIntegral;
        var whole = (Int128)number;
        value = T.CreateTruncating(whole);
        if (Int128.CreateTruncating(value) != whole)
            return ElementError.OutOfRange;
        MemoryMarshal.Write(destination, in value);
        return ElementError.None;
    }
}
