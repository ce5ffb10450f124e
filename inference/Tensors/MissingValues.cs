using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Larder.Inference.Signatures;

namespace Larder.Inference.Tensors;

/// <summary>
/// Values that are no numbers: a missing one (JSON's null, <c>NaN</c>, an empty field) and infinities. Only floating-point inputs can hold them, and only those of a model that
/// takes them (<see cref="Settings.ModelSettings.Missing"/>) or of a feature that says so; a feature's default stands for a missing value of any datatype.
/// </summary>
internal static class MissingValues
{
    /// <summary>What to say of a missing value that is refused, behind what and where it is.</summary>
    public static string Hint(Datatype datatype) => IsFloat(datatype)
        ? "a missing value, which this model refuses: send a number, give the feature a default, or let the model take it (the setting missing: nan)"
        : $"a missing value, which {datatype.Name()} cannot hold: send a value, or give the feature a default";

    /// <summary>NaN for a token that is a missing value, an infinity for its name; null for any other.</summary>
    public static double? Of(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.Null => double.NaN,
        JsonTokenType.String when !reader.ValueIsEscaped && reader.ValueTextEquals("NaN"u8) => double.NaN,
        JsonTokenType.String when !reader.ValueIsEscaped && reader.ValueTextEquals("Infinity"u8) => double.PositiveInfinity,
        JsonTokenType.String when !reader.ValueIsEscaped && reader.ValueTextEquals("-Infinity"u8) => double.NegativeInfinity,
        _ => null,
    };

    /// <summary>The same of the text of a field.</summary>
    public static double? Of(ReadOnlySpan<byte> text)
    {
        text = text.Trim((byte)' ');
        if (text.IsEmpty || Ascii.EqualsIgnoreCase(text, "nan"u8))
            return double.NaN;
        var isNegative = text[0] == '-';
        var name = isNegative || text[0] == '+' ? text[1..] : text;
        if (!Ascii.EqualsIgnoreCase(name, "infinity"u8) && !Ascii.EqualsIgnoreCase(name, "inf"u8))
            return null;
        return isNegative ? double.NegativeInfinity : double.PositiveInfinity;
    }

    /// <summary>Writes what stands for such a value as an element.</summary>
    /// <param name="value">NaN for a missing value, or an infinity.</param>
    /// <param name="datatype">Not BYTES.</param>
    /// <param name="takes">Whether the model takes it.</param>
    /// <param name="columns">The features, if the input has any.</param>
    /// <param name="column">The feature.</param>
    /// <param name="destination">The element's memory.</param>
    public static ElementError Write(double value, Datatype datatype, bool takes, FeatureColumns? columns, int column, Span<byte> destination)
    {
        if (double.IsNaN(value) && columns?.DefaultOf(column) is { } usual)
        {
            usual.CopyTo(destination);
            return ElementError.None;
        }

        if (!IsFloat(datatype) || !(columns?.MissingOf(column) ?? takes))
            return double.IsNaN(value) ? ElementError.Missing : ElementError.OutOfRange;
        switch (datatype)
        {
            case Datatype.Fp32:
                MemoryMarshal.Write(destination, (float)value);
                break;
            case Datatype.Fp64:
                MemoryMarshal.Write(destination, value);
                break;
            case Datatype.Fp16:
                MemoryMarshal.Write(destination, (Half)value);
                break;
            default:
                // The upper half of the FP32.
                MemoryMarshal.Write(destination, (ushort)(BitConverter.SingleToUInt32Bits((float)value) >> 16));
                break;
        }

        return ElementError.None;
    }

    private static bool IsFloat(Datatype datatype) => datatype is Datatype.Fp32 or Datatype.Fp64 or Datatype.Fp16 or Datatype.Bf16;
}

/// <summary>Reads JSON that has NaN, Infinity and -Infinity as bare words, as Python and JavaScript libraries write them.</summary>
public static class NumberNames
{
    private static readonly byte[][] Names = ["NaN"u8.ToArray(), "Infinity"u8.ToArray(), "-Infinity"u8.ToArray()];

    /// <summary>Whether the string that the reader is on is such a word.</summary>
    public static bool IsOne(ref Utf8JsonReader reader) => MissingValues.Of(ref reader) is not null;

    /// <summary>The same JSON with quotes around such words; null when it has none.</summary>
    public static byte[]? Quoted(in ReadOnlySequence<byte> json)
    {
        var text = json.ToArray();
        var places = Places(text);
        if (places.Count == 0)
            return null;
        var quoted = new byte[text.Length + (2 * places.Count)];
        var (from, to) = (0, 0);
        foreach (var (start, length) in places)
        {
            Copy(start);
            quoted[to++] = (byte)'"';
            Copy(start + length);
            quoted[to++] = (byte)'"';
        }

        Copy(text.Length);
        return quoted;

        void Copy(int end)
        {
            text.AsSpan(from, end - from).CopyTo(quoted.AsSpan(to));
            (from, to) = (end, to + end - from);
        }
    }

    private static List<(int Start, int Length)> Places(ReadOnlySpan<byte> json)
    {
        var places = new List<(int, int)>();
        for (var i = 0; i < json.Length; i++)
        {
            if (json[i] == '"')
            {
                for (i++; i < json.Length && json[i] != '"'; i++)
                {
                    if (json[i] == '\\')
                        i++;
                }
            }
            else if (json[i] is (byte)'N' or (byte)'I' or (byte)'-')
            {
                foreach (var name in Names)
                {
                    if (!json[i..].StartsWith(name))
                        continue;
                    places.Add((i, name.Length));
                    i += name.Length - 1;
                    break;
                }
            }
        }

        return places;
    }
}
