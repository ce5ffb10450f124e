using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;
using Larder.Inference.Signatures;

namespace Larder.Inference.Tensors;

/// <summary>Reads the elements of a tensor whose shape was stated, as protocols of tensors do (Open Inference Protocol V2, "Tensor Data" and its binary tensor data extension).</summary>
internal static class ShapedReader
{
    private const int LengthBytes = sizeof(uint);

    /// <summary>Reads a list of elements, whose nesting means nothing.</summary>
    public static void Read(TensorBuffer buffer, bool takesMissing, ReadOnlySpan<long> shape, ref Utf8JsonReader reader)
    {
        var count = buffer.ElementsOf(shape);
        buffer.Clear();
        if (reader.TokenType != JsonTokenType.StartArray)
            throw InputError.Got(buffer.Signature, $"{InputError.Noun(reader.TokenType)} as data, which must be a list");
        try
        {
            ReadElements(buffer, takesMissing, count, ref reader);
        }
        catch (IndexOutOfRangeException failure)
        {
            throw JsonTokens.EndsInLiteral(failure);
        }

        buffer.Complete(shape);
    }

    /// <summary>Reads the elements' bytes.</summary>
    public static void Read(TensorBuffer buffer, ReadOnlySpan<long> shape, in ReadOnlySequence<byte> data)
    {
        var count = buffer.ElementsOf(shape);
        if (buffer.IsText)
        {
            buffer.Clear();
            ReadTexts(buffer, count, data);
            buffer.Complete(shape);
            return;
        }

        var bytes = (long)count * buffer.Datatype.Size();
        if (data.Length != bytes)
            throw InputError.Got(buffer.Signature, $"{InputError.Count(data.Length, "byte")} for shape [{string.Join(',', shape.ToArray())}], which has {bytes}");
        var elements = buffer.Reserve(shape);
        data.CopyTo(elements);
        // ONNX Runtime takes any other byte for true in one kernel, and not in another.
        if (buffer.Datatype == Datatype.Bool && elements.IndexOfAnyExceptInRange((byte)0, (byte)1) is >= 0 and var place)
            throw InputError.Got(buffer.Signature, $"the byte {elements[place]} at element {place}, where a BOOL is 0 or 1");
    }

    private static void ReadElements(TensorBuffer buffer, bool takesMissing, int expected, ref Utf8JsonReader reader)
    {
        var size = buffer.Datatype.Size();
        var (open, count) = (0, 0);
        do
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartArray:
                    open++;
                    break;
                case JsonTokenType.EndArray:
                    open--;
                    break;
                default:
                    if (count == expected)
                        throw InputError.Got(buffer.Signature, $"more than the {InputError.Count(expected, "element")} of the shape that is stated");
                    var error = buffer.IsText ? TextSink.Append(ref reader, buffer) : ElementToken.Read(buffer.Datatype, ref reader, buffer.Next(size));
                    if (error == ElementError.WrongToken && !buffer.IsText && MissingValues.Of(ref reader) is { } value)
                        error = MissingValues.Write(value, buffer.Datatype, takesMissing, columns: null, column: 0, buffer.Last);
                    if (error != ElementError.None)
                        throw InputError.Got(buffer.Signature, InputError.Element(ref reader, error, buffer.Datatype, $" at element {count}"));
                    count++;
                    break;
            }
        }
        while (open > 0 && reader.Read());

        if (count != expected)
            throw InputError.Got(buffer.Signature, $"{InputError.Count(count, "element")}, where the shape that is stated has {expected}");
    }

    private static void ReadTexts(TensorBuffer buffer, int count, ReadOnlySequence<byte> data)
    {
        Span<byte> length = stackalloc byte[LengthBytes];
        for (var i = 0; i < count; i++)
        {
            if (data.Length < LengthBytes)
                throw InputError.Got(buffer.Signature, $"bytes that end before element {i}, where the shape that is stated has {count}");
            data.Slice(0, LengthBytes).CopyTo(length);
            data = data.Slice(LengthBytes);
            var bytes = BinaryPrimitives.ReadUInt32LittleEndian(length);
            if (bytes > data.Length)
                throw InputError.Got(buffer.Signature, $"element {i} with a length of {bytes} bytes, of which {data.Length} are there");
            buffer.AppendText(data.Slice(0, bytes));
            data = data.Slice(bytes);
        }

        if (data.Length > 0)
            throw InputError.Got(buffer.Signature, $"{InputError.Count(data.Length, "byte")} behind the {InputError.Count(count, "element")} of the shape that is stated");
    }
}
