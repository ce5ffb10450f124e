using System.Buffers;
using System.Text;
using System.Text.Unicode;
using Larder.Inference.Tensors;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Inference.Rows;

/// <summary>Splits an output of a run into rows, and writes them as text directly from the memory of ONNX Runtime.</summary>
internal static class RowOutputs
{
    private const int LongestNumber = 32;

    private static readonly OrtAllocator Allocator = OrtAllocator.DefaultInstance;

    /// <summary>Layout of the first row.</summary>
    public static RowLayout LayoutOf(OrtValue value, int rows)
    {
        if (value.IsTensor)
            return new RowLayout(RowLayoutKind.Values, Width(new Elements(value), rows));
        using var item = Item(value, 0, rows);
        var row = item ?? value;
        if (row.OnnxType != OnnxValueType.ONNX_TYPE_MAP)
            return RowLayout.Json;
        using var keys = row.GetValue(0, Allocator);
        using var values = row.GetValue(1, Allocator);
        if (!values.IsTensor)
            return RowLayout.Json;
        var elements = new Elements(keys);
        var names = new string[elements.Count];
        for (var i = 0; i < names.Length; i++)
            names[i] = elements.Text(i);
        return new RowLayout(RowLayoutKind.Map, names.Length, names);
    }

    /// <summary>Writes every row as JSON.</summary>
    public static void WriteJson(OrtValue value, int rows, bool hasBatch, RowTexts texts)
    {
        if (value.IsTensor)
        {
            var elements = new Elements(value);
            var whole = !hasBatch || IsWhole(elements.Shape, rows);
            var element = 0;
            for (var row = 0; row < rows; row++)
            {
                ValueWriter.WriteLists(elements, whole ? 0 : 1, ref element, texts.Json);
                EndJson(texts);
            }
        }
        else
        {
            for (var row = 0; row < rows; row++)
            {
                using var item = hasBatch ? Item(value, row, rows) : null;
                ValueWriter.Write(item ?? value, 0, -1, texts.Json);
                EndJson(texts);
            }
        }
    }

    /// <summary>Writes every row as fields.</summary>
    public static void WriteFields(OrtValue value, int rows, RowLayout layout, byte delimiter, RowTexts texts)
    {
        if (layout.Kind == RowLayoutKind.Json)
            WriteJsonFields(value, rows, delimiter, texts);
        else if (layout.Kind == RowLayoutKind.Map)
            WriteMaps(value, rows, layout.Keys!, delimiter, texts);
        else
            WriteValues(value, rows, layout.Count, delimiter, texts);
    }

    private static void WriteValues(OrtValue value, int rows, int count, byte delimiter, RowTexts texts)
    {
        var elements = new Elements(value);
        var width = Width(elements, rows);
        for (var row = 0; row < rows; row++)
        {
            if (width != count)
            {
                texts.FailRow($"the output has {InputError.Count(width, "value")} here, and {count} in the first row");
                continue;
            }

            for (var i = 0; i < width; i++)
            {
                if (i > 0)
                    Put(texts.Bytes, delimiter);
                WriteElement(elements, (row * width) + i, delimiter, texts.Bytes);
            }

            texts.EndRow();
        }
    }

    private static void WriteMaps(OrtValue value, int rows, IReadOnlyList<string> names, byte delimiter, RowTexts texts)
    {
        for (var row = 0; row < rows; row++)
        {
            using var item = Item(value, row, rows);
            using var keys = (item ?? value).GetValue(0, Allocator);
            using var values = (item ?? value).GetValue(1, Allocator);
            var keyElements = new Elements(keys);
            var valueElements = new Elements(values);
            var same = keyElements.Count == names.Count;
            for (var i = 0; same && i < names.Count; i++)
                same = keyElements.Text(i) == names[i];
            if (!same)
            {
                texts.FailRow("the output has other keys here than in the first row");
                continue;
            }

            for (var i = 0; i < names.Count; i++)
            {
                if (i > 0)
                    Put(texts.Bytes, delimiter);
                WriteElement(valueElements, i, delimiter, texts.Bytes);
            }

            texts.EndRow();
        }
    }

    private static void WriteJsonFields(OrtValue value, int rows, byte delimiter, RowTexts texts)
    {
        var json = new RowTexts();
        WriteJson(value, rows, hasBatch: true, json);
        for (var row = 0; row < rows; row++)
        {
            DelimitedText.Write(json[row], delimiter, texts.Bytes);
            texts.EndRow();
        }
    }

    /// <summary>Writes the name of every row's class.</summary>
    public static void WriteLabels(in Elements elements, ClassLabels labels, int rows, byte? delimiter, RowTexts texts)
    {
        for (var row = 0; row < rows; row++)
        {
            var place = elements.ClassOf(row, labels);
            if (delimiter is null)
            {
                labels.Write(place, texts.Json);
                EndJson(texts);
                continue;
            }

            if (place >= 0 && place < labels.Names.Count)
                DelimitedText.Write(Encoding.UTF8.GetBytes(labels.Names[(int)place]), delimiter.Value, texts.Bytes);
            texts.EndRow();
        }
    }

    private static void WriteElement(in Elements elements, int element, byte delimiter, ArrayBufferWriter<byte> bytes)
    {
        if (elements.IsText)
        {
            var text = elements.Utf8(element);
            DelimitedText.Write(Utf8.IsValid(text) ? text : Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(text)), delimiter, bytes);
            return;
        }

        bytes.Advance(elements.Format(element, bytes.GetSpan(LongestNumber)));
    }

    private static int Width(in Elements elements, int rows) => IsWhole(elements.Shape, rows) ? elements.Count : elements.Count / Math.Max(1, rows);

    // The output of a single row may have no batch dimension.
    private static bool IsWhole(long[] shape, int rows) => rows == 1 && shape is not [1, ..];

    // Null: the row has the whole value.
    private static OrtValue? Item(OrtValue value, int row, int rows) =>
        value.OnnxType == OnnxValueType.ONNX_TYPE_SEQUENCE && value.GetValueCount() == rows ? value.GetValue(row, Allocator) : null;

    private static void EndJson(RowTexts texts)
    {
        texts.Json.Flush();
        texts.EndRow();
        texts.Json.Reset();
    }

    private static void Put(ArrayBufferWriter<byte> bytes, byte one)
    {
        bytes.GetSpan(1)[0] = one;
        bytes.Advance(1);
    }
}
