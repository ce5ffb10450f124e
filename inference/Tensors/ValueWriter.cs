using System.Text.Json;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Inference.Tensors;

/// <summary>Writes an ONNX Runtime value as JSON, from its own memory.</summary>
internal static class ValueWriter
{
    /// <summary>Writes the value, or of a batched value <paramref name="rows"/> rows; all of it when that is negative.</summary>
    public static void Write(OrtValue value, int firstRow, int rows, Utf8JsonWriter writer)
    {
        switch (value.OnnxType)
        {
            case OnnxValueType.ONNX_TYPE_TENSOR:
                WriteTensor(value, firstRow, rows, writer);
                break;
            case OnnxValueType.ONNX_TYPE_SEQUENCE:
                WriteSequence(value, firstRow, rows, writer);
                break;
            case OnnxValueType.ONNX_TYPE_MAP:
                WriteMap(value, writer);
                break;
            default:
                // Validation lets no such output in.
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

    private static void WriteTensor(OrtValue value, int firstRow, int rows, Utf8JsonWriter writer)
    {
        var elements = new Elements(value);
        if (rows >= 0)
            elements.TakeRows(firstRow, rows);
        var element = 0;
        WriteLists(elements, 0, ref element, writer);
    }

    /// <summary>Writes what a tensor has at a dimension, and moves on behind it.</summary>
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
