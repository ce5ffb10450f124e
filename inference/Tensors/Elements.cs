using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Larder.Inference.Tensors;

/// <summary>The elements of a tensor in ONNX Runtime's memory, and how each datatype is written.</summary>
internal ref struct Elements
{
    /// <summary>The most dimensions that are written: readers of JSON have a limit, too.</summary>
    private const int MostDimensions = 64;

    // A tensor without elements is written in full, however many empty lists that takes.
    private const long MostEmptyLists = 1 << 16;

    private readonly OrtValue _value;
    private readonly TensorElementType _type;
    private readonly ReadOnlySpan<byte> _data;
    private int _first;

    public Elements(OrtValue value)
    {
        var info = value.GetTensorTypeAndShape();
        _value = value;
        _type = info.ElementDataType;
        Shape = info.Shape;
        if (info.ElementCount > int.MaxValue)
            throw new InvalidInputException($"the model cannot answer this input: an output has {info.ElementCount} elements, and 2147483647 is the most.");
        if (Shape.Length > MostDimensions)
            throw new InvalidInputException($"the model cannot answer this input: an output has {Shape.Length} dimensions, and {MostDimensions} is the most.");
        Count = (int)info.ElementCount;
        if (Count == 0)
            CheckEmptyLists(Shape);
        if (!info.IsString)
            _data = value.GetTensorMutableRawData();
    }

    public int Count { get; private set; }

    public long[] Shape { get; }

    public readonly bool IsText => _type == TensorElementType.String;

    private static void CheckEmptyLists(long[] shape)
    {
        var lists = 1L;
        foreach (var length in shape)
        {
            if (length == 0)
                return;
            if (length > MostEmptyLists / lists)
                throw new InvalidInputException($"the model cannot answer this input: an output has shape [{string.Join(',', shape)}], which is nothing but empty lists, and {MostEmptyLists} of them are the most.");
            lists *= length;
        }
    }

    /// <summary>Narrows a batch to some of its rows.</summary>
    public void TakeRows(int firstRow, int rows)
    {
        var row = Shape[0] == 0 ? 0 : Count / (int)Shape[0];
        _first = firstRow * row;
        Count = rows * row;
        Shape[0] = rows;
    }

    /// <summary>Writes one element.</summary>
    public readonly void Write(int element, Utf8JsonWriter writer) => Write(element, 1, writer);

    /// <summary>Writes consecutive elements, as values of the list that is open.</summary>
    public readonly void Write(int element, int count, Utf8JsonWriter writer)
    {
        switch (_type)
        {
            case TensorElementType.Float:
                foreach (var value in Span<float>(element, count))
                    NumberWriter.Write(writer, value);
                break;
            case TensorElementType.Double:
                foreach (var value in Span<double>(element, count))
                    NumberWriter.Write(writer, value);
                break;
            case TensorElementType.Float16:
                foreach (var value in Span<Half>(element, count))
                    NumberWriter.Write(writer, value);
                break;
            case TensorElementType.BFloat16:
                foreach (var value in Span<ushort>(element, count))
                    NumberWriter.WriteBFloat16(writer, value);
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
                    WriteText(_value.GetStringElementAsSpan(_first + element + i), writer);
                break;
            default:
                throw new NotSupportedException($"An output has elements of type {_type}, which JSON cannot carry.");
        }
    }

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

        Span<byte> digits = stackalloc byte[20];
        int length;
        // ONNX maps have integer or string keys.
        switch (_type)
        {
            case TensorElementType.Int64: Span<long>(element, 1)[0].TryFormat(digits, out length); break;
            case TensorElementType.UInt64: Span<ulong>(element, 1)[0].TryFormat(digits, out length); break;
            case TensorElementType.Int32: Span<int>(element, 1)[0].TryFormat(digits, out length); break;
            case TensorElementType.UInt32: Span<uint>(element, 1)[0].TryFormat(digits, out length); break;
            case TensorElementType.Int16: Span<short>(element, 1)[0].TryFormat(digits, out length); break;
            case TensorElementType.UInt16: Span<ushort>(element, 1)[0].TryFormat(digits, out length); break;
            case TensorElementType.Int8: Span<sbyte>(element, 1)[0].TryFormat(digits, out length); break;
            case TensorElementType.UInt8: Span<byte>(element, 1)[0].TryFormat(digits, out length); break;
            default: throw new NotSupportedException($"An output has map keys of type {_type}.");
        }

        writer.WritePropertyName(digits[..length]);
    }

    /// <summary>One string, as it is.</summary>
    public readonly ReadOnlySpan<byte> Utf8(int element) => _value.GetStringElementAsSpan(_first + element);

    /// <summary>One element in words: a string, a number.</summary>
    public readonly string Text(int element)
    {
        if (IsText)
            return Encoding.UTF8.GetString(Utf8(element));
        Span<byte> text = stackalloc byte[32];
        return Encoding.UTF8.GetString(text[..Format(element, text)]);
    }

    /// <summary>Writes one element that is no string, as text: numbers as in JSON, but those that are not finite by their names, <c>true</c> and <c>false</c>.</summary>
    /// <returns>Its length in bytes.</returns>
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

    private static void WriteText(ReadOnlySpan<byte> text, Utf8JsonWriter writer)
    {
        if (System.Text.Unicode.Utf8.IsValid(text))
            writer.WriteStringValue(text);
        else
            writer.WriteStringValue(Encoding.UTF8.GetString(text));
    }

    private readonly ReadOnlySpan<T> Span<T>(int element, int count)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(_data).Slice(_first + element, count);
}
