using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;
using Larder.Inference.Signatures;

namespace Larder.Inference.Tensors;

/// <summary>Reads the elements of a tensor whose shape was stated, as protocols of tensors do (Open Inference Protocol V2, "Tensor Data" and its binary tensor data extension).</summary>
internal static class ShapedReader
{
    private const int LengthBytes = sizeof(uint);
    private const string Stated = "the shape that is stated";

    /// <summary>Reads a list of elements, whose nesting means nothing.</summary>
    public static void Read(TensorBuffer buffer, bool takesMissing, ReadOnlySpan<long> shape, ref Utf8JsonReader reader)
    {
        var count = buffer.ElementsOf(shape);
        buffer.Clear();
        if (reader.TokenType != JsonTokenType.StartArray)
            throw InputError.Got(buffer.Signature, $"{InputError.Noun(reader.TokenType)} as data, which must be a list");
        try
        {
            ReadElements(buffer, takesMissing, count, Stated, ref reader);
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
        if (buffer.IsText)
        {
            var count = buffer.ElementsOf(shape);
            buffer.Clear();
            ReadTexts(buffer, count, data);
            buffer.Complete(shape);
            return;
        }

        Reserve(buffer, shape, data.Length);
        buffer.Fill(0, data);
        CheckElements(buffer);
    }

    /// <summary>Takes memory for this many bytes of elements, which are to fill it. Not for BYTES.</summary>
    public static void Reserve(TensorBuffer buffer, ReadOnlySpan<long> shape, long length)
    {
        var bytes = (long)buffer.ElementsOf(shape) * buffer.Datatype.Size();
        if (length != bytes)
            throw InputError.Got(buffer.Signature, $"{InputError.Count(length, "byte")} for shape [{string.Join(',', shape.ToArray())}], which has {bytes}");
        buffer.Reserve(shape);
    }

    /// <summary>Checks elements that came as bytes.</summary>
    public static void CheckElements(TensorBuffer buffer)
    {
        // ONNX Runtime takes any other byte for true in one kernel, and not in another.
        if (buffer.Datatype == Datatype.Bool && buffer.Data.IndexOfAnyExceptInRange((byte)0, (byte)1) is >= 0 and var place)
            throw InputError.Got(buffer.Signature, $"the byte {buffer.Data[place]} at element {place}, where a BOOL is 0 or 1");
    }

    /// <summary>Reads the elements of one row of an example, whose features are single values or flat lists (tensorflow.Example).</summary>
    public static void ReadFeature(TensorBuffer buffer, bool takesMissing, int expected, ref Utf8JsonReader reader) =>
        ReadElements(buffer, takesMissing, expected, "a row", ref reader, takesBase64: true);

    /// <summary>Checks that a stated shape fits the input and has this number of elements.</summary>
    public static void RequireCount(TensorBuffer buffer, ReadOnlySpan<long> shape, long count) => RequireCount(buffer, count, buffer.ElementsOf(shape), Stated);

    private static void ReadElements(TensorBuffer buffer, bool takesMissing, int expected, string whole, ref Utf8JsonReader reader, bool takesBase64 = false)
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
                        throw InputError.Got(buffer.Signature, $"more than the {InputError.Count(expected, "element")} of {whole}");
                    var error = takesBase64 && buffer.IsText && Base64Object.IsAhead(reader) ? Base64Object.Append(ref reader, buffer)
                        : buffer.IsText ? TextSink.Append(ref reader, buffer)
                        : ElementToken.Read(buffer.Datatype, ref reader, buffer.Next(size));
                    if (error == ElementError.WrongToken && !buffer.IsText && MissingValues.Of(ref reader) is { } value)
                        error = MissingValues.Write(value, buffer.Datatype, takesMissing, columns: null, column: 0, buffer.Last);
                    if (error != ElementError.None)
                        throw InputError.Got(buffer.Signature, InputError.Element(ref reader, error, buffer.Datatype, $" at element {count}"));
                    count++;
                    break;
            }
        }
        while (open > 0 && reader.Read());

        RequireCount(buffer, count, expected, whole);
    }

    private static void RequireCount(TensorBuffer buffer, long count, int expected, string whole)
    {
        if (count != expected)
            throw InputError.Got(buffer.Signature, $"{InputError.Count(count, "element")}, where {whole} has {expected}");
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
