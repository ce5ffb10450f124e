using System.Globalization;
using System.Text.Json;

namespace Larder.Inference.Tensors;

/// <summary>Writes floating-point numbers with the fewest digits that give the same number of the same datatype.</summary>
internal static class NumberWriter
{
    // Enough decimal digits to tell any two bfloat16 apart.
    private const int BFloat16Digits = 4;

    public static void Write(Utf8JsonWriter writer, float value)
    {
        if (float.IsFinite(value))
            writer.WriteNumberValue(value);
        else
            WriteNotFinite(writer, value);
    }

    public static void Write(Utf8JsonWriter writer, double value)
    {
        if (double.IsFinite(value))
            writer.WriteNumberValue(value);
        else
            WriteNotFinite(writer, value);
    }

    public static void Write(Utf8JsonWriter writer, Half value)
    {
        if (!Half.IsFinite(value))
        {
            WriteNotFinite(writer, (double)value);
            return;
        }

        Span<byte> text = stackalloc byte[32];
        value.TryFormat(text, out var length, provider: CultureInfo.InvariantCulture);
        writer.WriteRawValue(text[..length], skipInputValidation: true);
    }

    public static void WriteBFloat16(Utf8JsonWriter writer, ushort bits)
    {
        var value = ToSingle(bits);
        if (!float.IsFinite(value))
        {
            WriteNotFinite(writer, value);
            return;
        }

        writer.WriteNumberValue(ShortestBFloat16(bits));
    }

    /// <summary>The FP32 that is written with the fewest digits among those that are this bfloat16; itself when it is not finite.</summary>
    public static float ShortestBFloat16(ushort bits)
    {
        var value = ToSingle(bits);
        if (!float.IsFinite(value))
            return value;

        // .NET has no formatter for bfloat16: try one digit, two, ... A decimal of so few digits is also what the FP32
        // nearest to it is written as.
        Span<byte> text = stackalloc byte[32];
        var shortest = value;
        for (var digits = 1; digits <= BFloat16Digits; digits++)
        {
            value.TryFormat(text, out var length, digits switch { 1 => "E0", 2 => "E1", 3 => "E2", _ => "E3" }, CultureInfo.InvariantCulture);
            shortest = float.Parse(text[..length], NumberStyles.Float, CultureInfo.InvariantCulture);
            if (RoundToBFloat16(shortest) == bits)
                break;
        }

        return shortest;
    }

    private static float ToSingle(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    private static ushort RoundToBFloat16(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    private static void WriteNotFinite(Utf8JsonWriter writer, double value) =>
        writer.WriteStringValue(double.IsNaN(value) ? "NaN"u8 : value > 0 ? "Infinity"u8 : "-Infinity"u8);
}
