using System.Buffers;
using System.Text.Json;
using Larder.Inference;
using Larder.Inference.Limits;
using Larder.Inference.Tensors;
using Larder.Registry.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.ObjectPool;

namespace Larder.Functions.Prediction;

/// <summary>
/// Writes the answer of a prediction: <c>values</c> is the first output, <c>outputs</c> all of them by name. A body of up to <see cref="MostWholeBytes"/> is
/// built whole in a pooled buffer, so that a failure while writing still has its true status and the length is known. A longer one is sent in pieces while it is written, as fast
/// as the caller reads, and within what the run has left of <see cref="InferenceLimits.RunSeconds"/>: then the connection is cut, so that half an answer is not taken for a whole one.
/// </summary>
public sealed partial class PredictionResponse(InferenceLimits limits, TimeProvider timeProvider, ILogger<PredictionResponse> logger)
{
    /// <summary>Header that names the version which answered.</summary>
    public const string VersionHeader = "Larder-Model-Version";

    /// <summary>The longest body that is not sent in pieces.</summary>
    private const int MostWholeBytes = 256 << 10;

    /// <summary>Bytes of a piece that is sent.</summary>
    private const int PieceBytes = 64 << 10;

    /// <summary>A buffer that grew beyond this is not kept.</summary>
    private const int MaxPooledBytes = 1 << 20;

    private static readonly JsonEncodedText HttpStatus = JsonEncodedText.Encode("http_status");
    private static readonly JsonEncodedText Values = JsonEncodedText.Encode("values");
    private static readonly JsonEncodedText Outputs = JsonEncodedText.Encode("outputs");
    private static readonly byte[] Success = """{"code":200,"name":"OK","description":"Prediction successful"}"""u8.ToArray();

    private readonly ObjectPool<Buffer> _buffers = new DefaultObjectPool<Buffer>(new BufferPolicy());

    /// <summary>Sends the outputs of a run.</summary>
    /// <exception cref="InvalidInputException">An output cannot be written; nothing was sent.</exception>
    /// <exception cref="RunTimeoutException">Run and answer together took too long.</exception>
    public async ValueTask SendAsync(HttpResponse response, ResolvedModel model, PredictionOutputs outputs, CancellationToken cancellationToken)
    {
        var buffer = _buffers.Get();
        try
        {
            if (outputs.AreSmall)
                Write(buffer, model, outputs);
            else if (await SendPiecesAsync(response, buffer, model, outputs, cancellationToken))
                return;
            Begin(response, model);
            response.ContentLength = buffer.Bytes.WrittenCount;
            await response.BodyWriter.WriteAsync(buffer.Bytes.WrittenMemory, cancellationToken);
        }
        finally
        {
            _buffers.Return(buffer);
        }
    }

    private static void Begin(HttpResponse response, ResolvedModel model)
    {
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = "application/json; charset=utf-8";
        response.Headers[VersionHeader] = model.Servable.Version;
    }

    /// <summary>False when all of it is in the buffer, and nothing was sent.</summary>
    private async Task<bool> SendPiecesAsync(HttpResponse response, Buffer buffer, ResolvedModel model, PredictionOutputs outputs, CancellationToken cancellationToken)
    {
        var left = TimeSpan.FromSeconds(limits.RunSeconds) - outputs.RunTime;
        using var late = new CancellationTokenSource(left > TimeSpan.Zero ? left : TimeSpan.Zero, timeProvider);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken, response.HttpContext.RequestAborted);
        var sent = 0L;
        var isWhole = false;
        try
        {
            foreach (var _ in Pieces(buffer.Writer, model, outputs))
            {
                ending.Token.ThrowIfCancellationRequested();
                buffer.Writer.Flush();
                if (buffer.Bytes.WrittenCount < (sent == 0 ? MostWholeBytes : PieceBytes))
                    continue;
                if (sent == 0)
                {
                    outputs.Check();
                    Begin(response, model);
                }

                sent += await SendPieceAsync(response, buffer, ending.Token);
            }

            if (sent == 0)
                return false;
            await SendPieceAsync(response, buffer, ending.Token);
            isWhole = true;
            return true;
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested)
        {
            // RequestAborted says nothing here: Kestrel cancels it too when one of its writes is cancelled.
            var reason = $"The run of {model.Servable.Name}:{model.Servable.Version} and its answer took longer than {limits.RunSeconds} s (Limits:RunSeconds)";
            if (response.HasStarted)
                Cut(logger, reason, sent);
            throw new RunTimeoutException($"{reason}.");
        }
        finally
        {
            // What has begun and not ended must not look whole.
            if (response.HasStarted && !isWhole)
                response.HttpContext.Abort();
        }
    }

    private static async ValueTask<int> SendPieceAsync(HttpResponse response, Buffer buffer, CancellationToken cancellationToken)
    {
        var length = buffer.Bytes.WrittenCount;
        var flushed = await response.BodyWriter.WriteAsync(buffer.Bytes.WrittenMemory, cancellationToken);
        buffer.Bytes.ResetWrittenCount();
        return flushed.IsCompleted ? throw new OperationCanceledException("The caller has gone.") : length;
    }

    private static IEnumerable<bool> Pieces(Utf8JsonWriter writer, ResolvedModel model, PredictionOutputs outputs)
    {
        BeginBody(writer);
        foreach (var piece in outputs.WritePieces(0, writer))
            yield return piece;
        writer.WriteStartObject(Outputs);
        var names = model.Servable.Description.Signature.Outputs;
        for (var i = 0; i < outputs.Count; i++)
        {
            writer.WritePropertyName(names[i].Name);
            foreach (var piece in outputs.WritePieces(i, writer))
                yield return piece;
        }

        EndBody(writer);
    }

    private static void Write(Buffer buffer, ResolvedModel model, PredictionOutputs outputs)
    {
        var writer = buffer.Writer;
        BeginBody(writer);
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
        EndBody(writer);
    }

    private static void BeginBody(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WritePropertyName(HttpStatus);
        writer.WriteRawValue(Success, skipInputValidation: true);
        writer.WritePropertyName(Values);
    }

    private static void EndBody(Utf8JsonWriter writer)
    {
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.Flush();
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "{Reason}; the connection was cut after {Bytes} bytes of the answer.")]
    private static partial void Cut(ILogger logger, string reason, long bytes);

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
