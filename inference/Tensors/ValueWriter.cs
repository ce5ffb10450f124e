using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Larder.Inference.Tensors;

/// <summary>Writes a value as JSON, directly from the memory of ONNX Runtime.</summary>
internal static class ValueWriter
{
    /// <summary>Writes <paramref name="rows"/> rows of a batched value, or the whole value if that is negative.</summary>
    public static void Write(OrtValue value, int firstRow, int rows, Utf8JsonWriter writer)
    {
        switch (value.OnnxType)
        {
            case OnnxValueType.ONNX_TYPE_TENSOR:
                WriteTensor(new Elements(value), firstRow, rows, writer);
                break;
            case OnnxValueType.ONNX_TYPE_SEQUENCE:
                WriteSequence(value, firstRow, rows, writer);
                break;
            case OnnxValueType.ONNX_TYPE_MAP:
                WriteMap(value, writer);
                break;
            default:
                // Validation rejects models with such outputs.
                throw new NotSupportedException($"An output is of type {value.OnnxType}, which JSON cannot carry.");
        }
    }

    private static void WriteSequence(OrtValue value, int firstItem, int items, Utf8JsonWriter writer)
    {
        var end = items < 0 ? value.GetValueCount() : firstItem + items;
        writer.WriteStartArray();
        for (var i = firstItem; i < end; i++)
        {
            using var item = value.GetValue(i, OrtAllocator.DefaultInstance);
            Write(item, 0, -1, writer);
        }

        writer.WriteEndArray();
    }

    private static void WriteMap(OrtValue value, Utf8JsonWriter writer)
    {
        using var keys = value.GetValue(0, OrtAllocator.DefaultInstance);
        using var values = value.GetValue(1, OrtAllocator.DefaultInstance);
        var keyElements = new Elements(keys);
        writer.WriteStartObject();
        if (values.IsTensor)
        {
            var valueElements = new Elements(values);
            for (var i = 0; i < keyElements.Count; i++)
            {
                keyElements.WriteName(i, writer);
                valueElements.Write(i, writer);
            }
        }
        else
        {
            for (var i = 0; i < keyElements.Count; i++)
            {
                keyElements.WriteName(i, writer);
                using var item = values.GetValue(i, OrtAllocator.DefaultInstance);
                Write(item, 0, -1, writer);
            }
        }

        writer.WriteEndObject();
    }

    /// <summary>Writes <paramref name="rows"/> rows of a tensor, or all of it if that is negative.</summary>
    public static void WriteTensor(Elements elements, int firstRow, int rows, Utf8JsonWriter writer)
    {
        if (rows >= 0)
            elements.TakeRows(firstRow, rows);
        var element = 0;
        WriteLists(elements, 0, ref element, writer);
    }

    /// <summary>Writes the list at a dimension, and moves <paramref name="element"/> behind it.</summary>
    public static void WriteLists(in Elements elements, int dimension, ref int element, Utf8JsonWriter writer)
    {
        if (dimension == elements.Shape.Length)
        {
            elements.Write(element++, writer);
            return;
        }

        writer.WriteStartArray();
        var length = elements.Shape[dimension];
        if (dimension == elements.Shape.Length - 1)
        {
            elements.Write(element, (int)length, writer);
            element += (int)length;
        }
        else
        {
            for (var i = 0L; i < length; i++)
                WriteLists(elements, dimension + 1, ref element, writer);
        }

        writer.WriteEndArray();
    }
}

/// <summary>How elements are written where a protocol has its own form.</summary>
[Flags]
internal enum ElementForm
{
    /// <summary>As of <see cref="PredictionOutputs.WriteValue"/>.</summary>
    Plain = 0,

    /// <summary>NaN and infinities are bare words, which are no JSON.</summary>
    BareNames = 1,

    /// <summary>Strings are objects <c>{"b64": base64}</c>.</summary>
    Base64 = 2,
}

/// <summary>The elements of a tensor in ONNX Runtime's memory, and how each datatype is written.</summary>
internal ref struct Elements
{
    private readonly OrtValue _value;
    private readonly TensorElementType _type;
    private readonly ReadOnlySpan<byte> _data;
    private int _first;

    public Elements(OutputView view)
    {
        (_value, _type, Shape, Count) = (view.Value, view.Type, view.Shape, view.Count);
        _data = view.Data;
    }

    public Elements(OrtValue value)
        : this(new OutputView(value))
    {
    }

    public int Count { get; private set; }

    public long[] Shape { get; private set; }

    /// <summary>How they are written.</summary>
    public ElementForm Form { get; init; }

    private readonly bool HasBareNames => (Form & ElementForm.BareNames) != 0;

    public readonly bool IsText => _type == TensorElementType.String;

    public readonly bool IsDouble => _type == TensorElementType.Double;

    /// <summary>Narrows a batch to consecutive rows.</summary>
    public void TakeRows(int firstRow, int rows)
    {
        var row = Shape[0] == 0 ? 0 : Count / (int)Shape[0];
        _first = firstRow * row;
        Count = rows * row;
        if (Shape[0] != rows)
            Shape = [rows, .. Shape[1..]];
    }

    /// <summary>Narrows a batch to one row, without the dimension of the rows.</summary>
    public void TakeRow(int row)
    {
        TakeRows(row, 1);
        Shape = Shape[1..];
    }

    /// <summary>Writes one element.</summary>
    public readonly void Write(int element, Utf8JsonWriter writer) => Write(element, 1, writer);

    /// <summary>Writes consecutive elements into the open list.</summary>
    public readonly void Write(int element, int count, Utf8JsonWriter writer)
    {
        switch (_type)
        {
            case TensorElementType.Float:
                foreach (var value in Span<float>(element, count))
                    NumberWriter.Write(writer, value, HasBareNames);
                break;
            case TensorElementType.Double:
                foreach (var value in Span<double>(element, count))
                    NumberWriter.Write(writer, value, HasBareNames);
                break;
            case TensorElementType.Float16:
                foreach (var value in Span<Half>(element, count))
                    NumberWriter.Write(writer, value, HasBareNames);
                break;
            case TensorElementType.BFloat16:
                foreach (var value in Span<ushort>(element, count))
                    NumberWriter.WriteBFloat16(writer, value, HasBareNames);
                break;
            case TensorElementType.Int64:
                foreach (var value in Span<long>(element, count))
                    writer.WriteNumberValue(value);
                break;
            case TensorElementType.UInt64:
                foreach (var value in Span<ulong>(element, count))
                    writer.WriteNumberValue(value);
                break;
            case TensorElementType.Int32:
                foreach (var value in Span<int>(element, count))
                    writer.WriteNumberValue(value);
                break;
            case TensorElementType.UInt32:
                foreach (var value in Span<uint>(element, count))
                    writer.WriteNumberValue(value);
                break;
            case TensorElementType.Int16:
                foreach (var value in Span<short>(element, count))
                    writer.WriteNumberValue(value);
                break;
            case TensorElementType.UInt16:
                foreach (var value in Span<ushort>(element, count))
                    writer.WriteNumberValue(value);
                break;
            case TensorElementType.Int8:
                foreach (var value in Span<sbyte>(element, count))
                    writer.WriteNumberValue(value);
                break;
            case TensorElementType.UInt8:
                foreach (var value in Span<byte>(element, count))
                    writer.WriteNumberValue(value);
                break;
            case TensorElementType.Bool:
                foreach (var value in Span<byte>(element, count))
                    writer.WriteBooleanValue(value != 0);
                break;
            case TensorElementType.String:
                for (var i = 0; i < count; i++)
                    WriteText(_value.GetStringElementAsSpan(_first + element + i), (Form & ElementForm.Base64) != 0, writer);
                break;
            default:
                throw new NotSupportedException($"An output has elements of type {_type}, which JSON cannot carry.");
        }
    }

    /// <summary>The bytes of the elements, which are not strings.</summary>
    /// <param name="size">Bytes of an element.</param>
    public readonly ReadOnlySpan<byte> Bytes(int size) => _data.Slice(_first * size, Count * size);

    /// <summary>Writes one element as the name of a property.</summary>
    public readonly void WriteName(int element, Utf8JsonWriter writer)
    {
        if (_type == TensorElementType.String)
        {
            var text = _value.GetStringElementAsSpan(_first + element);
            if (System.Text.Unicode.Utf8.IsValid(text))
                writer.WritePropertyName(text);
            else
                writer.WritePropertyName(Encoding.UTF8.GetString(text));
            return;
        }

        // ONNX maps have integer or string keys.
        Span<byte> digits = stackalloc byte[32];
        writer.WritePropertyName(digits[..Format(element, digits)]);
    }

    /// <summary>The class of a row: the number that the row has, or the place of its highest score; -1 for none.</summary>
    public readonly long ClassOf(int row, ClassLabels labels)
    {
        if (!labels.AreScores)
            return Integer(row);
        var count = labels.Names.Count;
        if (Shape[^1] != count)
            return -1;
        var (best, highest) = (-1, double.NegativeInfinity);
        for (var i = 0; i < count; i++)
        {
            // NaN is higher than nothing.
            if (Number((row * count) + i) is var score && (score > highest || (best < 0 && score >= highest)))
                (best, highest) = (i, score);
        }

        return best;
    }

    private readonly long Integer(int element) => _type switch
    {
        TensorElementType.Int64 => Span<long>(element, 1)[0],
        TensorElementType.Int32 => Span<int>(element, 1)[0],
        TensorElementType.Int16 => Span<short>(element, 1)[0],
        TensorElementType.Int8 => Span<sbyte>(element, 1)[0],
        TensorElementType.UInt64 => (long)Math.Min(Span<ulong>(element, 1)[0], long.MaxValue),
        TensorElementType.UInt32 => Span<uint>(element, 1)[0],
        TensorElementType.UInt16 => Span<ushort>(element, 1)[0],
        _ => Span<byte>(element, 1)[0],
    };

    /// <summary>One element of a floating-point tensor.</summary>
    public readonly double Number(int element) => _type switch
    {
        TensorElementType.Float => Span<float>(element, 1)[0],
        TensorElementType.Double => Span<double>(element, 1)[0],
        TensorElementType.Float16 => (double)Span<Half>(element, 1)[0],
        _ => NumberWriter.ShortestBFloat16(Span<ushort>(element, 1)[0]),
    };

    /// <summary>The bytes of one string, which may not be valid UTF-8.</summary>
    public readonly ReadOnlySpan<byte> Utf8(int element) => _value.GetStringElementAsSpan(_first + element);

    /// <summary>One element as text.</summary>
    public readonly string Text(int element)
    {
        if (IsText)
            return Encoding.UTF8.GetString(Utf8(element));
        Span<byte> text = stackalloc byte[32];
        return Encoding.UTF8.GetString(text[..Format(element, text)]);
    }

    /// <summary>Formats one element that is not a string: numbers as in JSON, <c>NaN</c> and <c>Infinity</c> by their names, <c>true</c> and <c>false</c>.</summary>
    /// <returns>Length of the text in bytes.</returns>
    public readonly int Format(int element, Span<byte> destination) => _type switch
    {
        TensorElementType.Float => FormatNumber(Span<float>(element, 1)[0], destination),
        TensorElementType.Double => FormatNumber(Span<double>(element, 1)[0], destination),
        TensorElementType.Float16 => FormatNumber(Span<Half>(element, 1)[0], destination),
        TensorElementType.BFloat16 => FormatNumber(NumberWriter.ShortestBFloat16(Span<ushort>(element, 1)[0]), destination),
        TensorElementType.Int64 => FormatNumber(Span<long>(element, 1)[0], destination),
        TensorElementType.UInt64 => FormatNumber(Span<ulong>(element, 1)[0], destination),
        TensorElementType.Int32 => FormatNumber(Span<int>(element, 1)[0], destination),
        TensorElementType.UInt32 => FormatNumber(Span<uint>(element, 1)[0], destination),
        TensorElementType.Int16 => FormatNumber(Span<short>(element, 1)[0], destination),
        TensorElementType.UInt16 => FormatNumber(Span<ushort>(element, 1)[0], destination),
        TensorElementType.Int8 => FormatNumber(Span<sbyte>(element, 1)[0], destination),
        TensorElementType.UInt8 => FormatNumber(Span<byte>(element, 1)[0], destination),
        TensorElementType.Bool => FormatBool(Span<byte>(element, 1)[0] != 0, destination),
        _ => throw new NotSupportedException($"An output has elements of type {_type}, which text cannot carry."),
    };

    private static int FormatNumber<T>(T value, Span<byte> destination)
        where T : IUtf8SpanFormattable
    {
        value.TryFormat(destination, out var length, default, CultureInfo.InvariantCulture);
        return length;
    }

    private static int FormatBool(bool value, Span<byte> destination)
    {
        var text = value ? "true"u8 : "false"u8;
        text.CopyTo(destination);
        return text.Length;
    }

    private static void WriteText(ReadOnlySpan<byte> text, bool isBase64, Utf8JsonWriter writer)
    {
        if (isBase64)
        {
            writer.WriteStartObject();
            writer.WriteBase64String("b64"u8, text);
            writer.WriteEndObject();
        }
        else if (System.Text.Unicode.Utf8.IsValid(text))
            writer.WriteStringValue(text);
        else
            writer.WriteStringValue(Encoding.UTF8.GetString(text));
    }

    private readonly ReadOnlySpan<T> Span<T>(int element, int count)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(_data).Slice(_first + element, count);
}

/// <summary>Writes floating-point numbers with the fewest digits that give the same number of the same datatype.</summary>
internal static class NumberWriter
{
    // Enough decimal digits to tell any two bfloat16 apart.
    private const int BFloat16Digits = 4;

    public static void Write(Utf8JsonWriter writer, float value, bool hasBareNames = false)
    {
        if (float.IsFinite(value))
            writer.WriteNumberValue(value);
        else
            WriteNotFinite(writer, value, hasBareNames);
    }

    public static void Write(Utf8JsonWriter writer, double value, bool hasBareNames = false)
    {
        if (double.IsFinite(value))
            writer.WriteNumberValue(value);
        else
            WriteNotFinite(writer, value, hasBareNames);
    }

    public static void Write(Utf8JsonWriter writer, Half value, bool hasBareNames = false)
    {
        if (!Half.IsFinite(value))
        {
            WriteNotFinite(writer, (double)value, hasBareNames);
            return;
        }

        Span<byte> text = stackalloc byte[32];
        value.TryFormat(text, out var length, provider: CultureInfo.InvariantCulture);
        writer.WriteRawValue(text[..length], skipInputValidation: true);
    }

    public static void WriteBFloat16(Utf8JsonWriter writer, ushort bits, bool hasBareNames)
    {
        var value = ToSingle(bits);
        if (!float.IsFinite(value))
        {
            WriteNotFinite(writer, value, hasBareNames);
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

    private static void WriteNotFinite(Utf8JsonWriter writer, double value, bool isBare)
    {
        var name = double.IsNaN(value) ? "NaN"u8 : value > 0 ? "Infinity"u8 : "-Infinity"u8;
        if (isBare)
            writer.WriteRawValue(name, skipInputValidation: true);
        else
            writer.WriteStringValue(name);
    }
}
