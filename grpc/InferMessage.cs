using System.Buffers;
using Grpc.Core;
using Larder.Functions.OpenInference;
using Larder.Functions.Prediction;
using Larder.Registry.Errors;

namespace Larder.Grpc;

/// <summary>
/// A <c>ModelInferRequest</c>, as its bytes: the elements of its tensors go from there into the memory of the tensors. Only what is needed before the model is known is read when it is received.
/// </summary>
internal sealed class InferMessage : IDisposable
{
    private readonly int _length;
    private byte[]? _buffer;

    private InferMessage(byte[] buffer, int length) => (_buffer, _length) = (buffer, length);

    /// <summary>The bytes.</summary>
    public ReadOnlyMemory<byte> Bytes => (_buffer ?? throw new ObjectDisposedException(nameof(InferMessage))).AsMemory(0, _length);

    /// <summary>Takes over the bytes that gRPC has received, which are its own.</summary>
    public static InferMessage Read(DeserializationContext context)
    {
        var payload = context.PayloadAsReadOnlySequence();
        var length = (int)payload.Length;
        var buffer = ArrayPool<byte>.Shared.Rent(length);
        payload.CopyTo(buffer);
        return new InferMessage(buffer, length);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _buffer, null) is { } buffer)
            ArrayPool<byte>.Shared.Return(buffer);
    }
}

/// <summary>What an <see cref="InferMessage"/> says of the request as a whole.</summary>
internal sealed class InferHead
{
    // A string's bytes in memory beside its characters.
    private const int TextBytes = 36;

    // The largest element of each field of numbers.
    private static ReadOnlySpan<byte> ElementBytes => [0, 1, 4, 8, 4, 8, 4, 8];

    /// <summary>Reads the bytes, but not the tensors.</summary>
    /// <exception cref="InvalidRequestException">The bytes are no such message.</exception>
    public InferHead(ReadOnlyMemory<byte> message)
    {
        var fields = new WireFields(message);
        while (fields.Next())
        {
            if (fields.Is(1))
                ModelName = fields.Text("model_name");
            else if (fields.Is(2))
                ModelVersion = fields.Text("model_version");
            else if (fields.Is(3))
                Id = fields.Text("id");
            else if (fields.Is(4))
                Timeout = ParameterEntry.Read(fields.Bytes, "timeout"u8) is { } microseconds ? RequestTimeout.OfMicroseconds(microseconds) : Timeout;
            else if (fields.Is(5))
                AddInput(fields.Bytes);
            else if (fields.Is(7))
                (Raw, TensorBytes) = (Raw + 1, TensorBytes + fields.Bytes.Length);
        }

        if (Raw > 0 && Raw != Inputs)
            throw new InvalidRequestException($"raw_input_contents must be there for each of the inputs, in their order, or not at all; there are {Inputs} inputs, and {Raw} raw contents.");
        if (Raw > 0 && HasContents)
            throw new InvalidRequestException("The request has raw_input_contents, and an input has contents, too; send one of them.");
    }

    /// <summary>The model's name.</summary>
    public string ModelName { get; } = "";

    /// <summary>The version or alias; empty for the default.</summary>
    public string ModelVersion { get; } = "";

    /// <summary>The caller's id of the request; empty without one.</summary>
    public string Id { get; } = "";

    /// <summary>Within which time the caller wants the answer; null where the request does not say it.</summary>
    public TimeSpan? Timeout { get; }

    /// <summary>How many inputs have their elements as bytes.</summary>
    public int Raw { get; }

    /// <summary>The most bytes that the elements need in memory.</summary>
    public long TensorBytes { get; private set; }

    private int Inputs { get; set; }

    private bool HasContents { get; set; }

    private void AddInput(ReadOnlyMemory<byte> input)
    {
        Inputs++;
        var fields = new WireFields(input);
        while (fields.Next())
        {
            if (!fields.Is(5))
                continue;
            HasContents = true;
            var contents = new WireFields(fields.Bytes);
            while (contents.Next())
                TensorBytes += BytesOf(contents);
        }
    }

    // Several numbers in one field have a byte at least, or all bytes of the element.
    private static long BytesOf(in WireFields field) => field.Number switch
    {
        8 => TextBytes + field.Bytes.Length,
        6 or 7 when field.Type == WireType.Length => field.Bytes.Length,
        < 8 => (long)ElementBytes[field.Number] * (field.Type == WireType.Length ? field.Bytes.Length : 1),
        _ => 0,
    };
}

/// <summary>An entry of a message's map of parameters.</summary>
internal static class ParameterEntry
{
    /// <summary>The number of a parameter, if the entry is that one; others are skipped, as Triton does.</summary>
    public static long? Read(ReadOnlyMemory<byte> entry, ReadOnlySpan<byte> name)
    {
        var (key, number) = (ReadOnlyMemory<byte>.Empty, 0L);
        var fields = new WireFields(entry);
        while (fields.Next())
        {
            if (fields.Is(1))
            {
                key = fields.Bytes;
            }
            else if (fields.Is(2))
            {
                var value = new WireFields(fields.Bytes);
                while (value.Next())
                {
                    if (value is { Number: 2 or 5, Type: WireType.Varint })
                        number = (long)value.Value;
                }
            }
        }

        if (key.Span.SequenceEqual("shared_memory_region"u8))
            throw InferTensors.NoSharedMemory();
        return name.Length > 0 && key.Span.SequenceEqual(name) ? number : null;
    }
}
