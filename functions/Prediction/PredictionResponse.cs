using System.Buffers;
using System.Text.Json;
using Larder.Inference;
using Larder.Registry;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.ObjectPool;

namespace Larder.Functions;

/// <summary>
/// Writes the answer of a prediction: <c>values</c> is the first output, <c>outputs</c> all of them by name. The body is
/// built whole in a pooled buffer, so that a failure while writing still has its true status and the length is known.
/// </summary>
public sealed class PredictionResponse
{
    /// <summary>Header that names the version which answered.</summary>
    public const string VersionHeader = "Larder-Model-Version";

    /// <summary>A buffer that grew beyond this is not kept.</summary>
    private const int MaxPooledBytes = 1 << 20;

    private static readonly JsonEncodedText HttpStatus = JsonEncodedText.Encode("http_status");
    private static readonly JsonEncodedText Values = JsonEncodedText.Encode("values");
    private static readonly JsonEncodedText Outputs = JsonEncodedText.Encode("outputs");
    private static readonly byte[] Success = """{"code":200,"name":"OK","description":"Prediction successful"}"""u8.ToArray();

    private readonly ObjectPool<Buffer> _buffers = new DefaultObjectPool<Buffer>(new BufferPolicy());

    /// <summary>Sends the outputs of a run.</summary>
    public async ValueTask SendAsync(HttpResponse response, ResolvedModel model, PredictionOutputs outputs, CancellationToken cancellationToken)
    {
        var buffer = _buffers.Get();
        try
        {
            Write(buffer, model, outputs);
            response.StatusCode = StatusCodes.Status200OK;
            response.ContentType = "application/json; charset=utf-8";
            response.ContentLength = buffer.Bytes.WrittenCount;
            response.Headers[VersionHeader] = model.Servable.Version;
            await response.BodyWriter.WriteAsync(buffer.Bytes.WrittenMemory, cancellationToken);
        }
        finally
        {
            _buffers.Return(buffer);
        }
    }

    private static void Write(Buffer buffer, ResolvedModel model, PredictionOutputs outputs)
    {
        var writer = buffer.Writer;
        writer.WriteStartObject();
        writer.WritePropertyName(HttpStatus);
        writer.WriteRawValue(Success, skipInputValidation: true);
        writer.WritePropertyName(Values);
        writer.Flush();
        var start = buffer.Bytes.WrittenCount;
        outputs.WriteValue(0, writer);
        writer.Flush();
        // Formatted once, however long: the second time it is copied. Should the buffer grow then, this is still the old one's memory.
        var first = buffer.Bytes.WrittenSpan[start..];
        writer.WriteStartObject(Outputs);
        var names = model.Servable.Description.Signature.Outputs;
        for (var i = 0; i < outputs.Count; i++)
        {
            writer.WritePropertyName(names[i].Name);
            if (i == 0)
                writer.WriteRawValue(first, skipInputValidation: true);
            else
                outputs.WriteValue(i, writer);
        }
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.Flush();
    }

    private sealed class Buffer
    {
        public Buffer()
        {
            Bytes = new ArrayBufferWriter<byte>(1024);
            Writer = new Utf8JsonWriter(Bytes, new JsonWriterOptions { SkipValidation = true });
        }

        public ArrayBufferWriter<byte> Bytes { get; }

        public Utf8JsonWriter Writer { get; }
    }

    private sealed class BufferPolicy : IPooledObjectPolicy<Buffer>
    {
        public Buffer Create() => new();

        public bool Return(Buffer buffer)
        {
            buffer.Bytes.ResetWrittenCount();
            buffer.Writer.Reset(buffer.Bytes);
            return buffer.Bytes.Capacity <= MaxPooledBytes;
        }
    }
}
