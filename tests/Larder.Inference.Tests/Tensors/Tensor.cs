using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;

namespace Larder.Inference.Tests.Tensors;

/// <summary>Tensors read from JSON without a model.</summary>
internal static class Tensor
{
    public static ValueSignature Signature(Datatype datatype, params long[] shape) =>
        new() { Name = "x", Kind = ValueKind.Tensor, Datatype = datatype, Shape = shape };

    public static TensorBuffer Read(string json, Datatype datatype, params long[] shape) =>
        Read(new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(json)), datatype, shape);

    public static TensorBuffer Read(ReadOnlySequence<byte> json, Datatype datatype, params long[] shape)
    {
        var buffer = new TensorBuffer(Signature(datatype, shape), 1 << 20);
        Read(buffer, json);
        return buffer;
    }

    public static void Read(TensorBuffer buffer, ReadOnlySequence<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        new NestedReader(buffer).Read(ref reader);
        // The reader must be on the last token of the value: nothing but white space may follow.
        Assert.False(reader.Read());
    }

    public static string Error(string json, Datatype datatype, params long[] shape) =>
        Assert.Throws<InvalidInputException>(() => Read(json, datatype, shape)).Message;

    public static T[] Elements<T>(this TensorBuffer buffer)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(buffer.Data).ToArray();

    /// <summary>The bytes in segments of one byte each, with empty segments between them.</summary>
    public static ReadOnlySequence<byte> InPieces(ReadOnlySpan<byte> bytes)
    {
        var first = new Segment(default, 0);
        var last = first;
        foreach (var b in bytes)
            last = last.Append(new[] { b }).Append(default);
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, long index)
        {
            Memory = memory;
            RunningIndex = index;
        }

        public Segment Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Segment(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
