using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Larder.Inference;

/// <summary>The elements of a tensor in ONNX Runtime's memory, and how each datatype is written.</summary>
internal ref struct Elements
{
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
        Count = (int)info.ElementCount;
        if (!info.IsString)
            _data = value.GetTensorMutableRawData();
    }

    public int Count { get; private set; }

    public long[] Shape { get; }

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
            if (Utf8.IsValid(text))
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

    private static void WriteText(ReadOnlySpan<byte> text, Utf8JsonWriter writer)
    {
        if (Utf8.IsValid(text))
            writer.WriteStringValue(text);
        else
            writer.WriteStringValue(Encoding.UTF8.GetString(text));
    }

    private readonly ReadOnlySpan<T> Span<T>(int element, int count)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(_data).Slice(_first + element, count);
}
