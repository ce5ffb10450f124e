using System.Buffers;
using System.ComponentModel;
using System.Text.Json;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Inference;
using Larder.Inference.Limits;
using Larder.Inference.Sessions;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.ObjectPool;

namespace Larder.Functions.Prediction;

/// <summary>The prediction endpoint: values as JSON or CSV, or one image.</summary>
public sealed class Predict(PredictionEngine engine, PredictionBody values, ImageBody images, PredictionResponse answers)
{
    /// <summary>Runs a model on the request's values, table or image.</summary>
    [Function("Predict"), Requires(Role.Predictor), Description("Predict: {\"values\": ...}, CSV, or an image.")]
    [Query(PredictionQuery.Top, PredictionQuery.Activation, PredictionQuery.Output, CsvOptions.Header, CsvOptions.Position, RequestTimeout.Parameter), TakesHeaders(RequestTimeout.Header)]
    [Takes(nameof(PredictionBodies.Values), nameof(PredictionBodies.Csv), nameof(PredictionBodies.Image), Of = typeof(PredictionBodies)), Answers(typeof(PredictionAnswer))]
    public Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", "post", Route = "api/v1/models/{reference}/prediction")] HttpRequest request,
        string reference,
        CancellationToken cancellationToken) => engine.RunAsync(reference, new Exchange(request, values, images, answers), cancellationToken);

    private sealed class Exchange(HttpRequest request, PredictionBody values, ImageBody images, PredictionResponse answers) : IPredictionExchange
    {
        private PostProcessing? _processing;
        private CsvOptions _csv;

        public Dialect Dialect => Dialect.ModelApi;

        public TimeSpan? Timeout => RequestTimeout.OfQuery(request);

        public HttpContext Http => request.HttpContext;

        public void Accept(ResolvedModel model)
        {
            _processing = PredictionQuery.Read(request, model.Version);
            _csv = CsvOptions.Of(request);
        }

        public async ValueTask ReadAsync(ResolvedModel model, LoadedModel loaded, PredictionInputs inputs, CancellationToken cancellationToken)
        {
            if (CsvOptions.IsCsv(request))
                await values.ReadCsvAsync(request, _csv, inputs, loaded, model.Features, TableRules.Strict, cancellationToken);
            else if (await ImageBody.IsImageAsync(request, cancellationToken))
                await images.ReadAsync(request, loaded, inputs, cancellationToken);
            else
                await values.ReadAsync(request, inputs, loaded, model.Features, cancellationToken);
        }

        public ValueTask SendAsync(ResolvedModel model, PredictionOutputs outputs, CancellationToken cancellationToken) =>
            answers.SendAsync(request.HttpContext.Response, model, outputs, _processing, cancellationToken);
    }
}

/// <summary>The query parameters of a prediction: <c>?top=5&amp;activation=softmax&amp;output=scores</c>.</summary>
internal static class PredictionQuery
{
    public const string Top = "top";
    public const string Activation = "activation";
    public const string Output = "output";

    // More classes than a reader looks at. All scores come without top.
    private const int MostTop = 1000;

    /// <summary>What is to be made of an output; null for nothing.</summary>
    /// <exception cref="InvalidRequestException">A value is of another kind.</exception>
    /// <exception cref="InvalidInputException">It makes no sense for the model's outputs.</exception>
    public static PostProcessing? Read(HttpRequest request, ModelVersion version)
    {
        if (!request.QueryString.HasValue)
            return null;
        return Of((int?)QueryParameters.Number(request, Top, 1, MostTop), QueryParameters.Text(request, Activation), QueryParameters.Text(request, Output), version);
    }

    /// <summary>The same of values that come otherwise.</summary>
    /// <exception cref="InvalidRequestException">A value is of another kind.</exception>
    /// <exception cref="InvalidInputException">It makes no sense for the model's outputs.</exception>
    public static PostProcessing? Of(long? top, string? activation, string? output, ModelVersion version)
    {
        if (top is < 1 or > MostTop)
            throw new InvalidRequestException($"{Top} must be a whole number from 1 to {MostTop}.");
        if (top is not null || activation is not null)
            return PostProcessing.Of((int?)top, activation is null ? null : ActivationOf(activation), output, version.Labels, version.Onnx.Signature);
        return output is null ? null : throw new InvalidRequestException("output says which output top or activation are for; give one of these, too.");
    }

    private static Activation ActivationOf(string name)
    {
        var known = WireNames.All<Activation>();
        if (known.TryGetValue(name, out var activation))
            return activation;
        var nearest = NearestName.Of(name, known.Keys) is { } near ? $"; did you mean {near}?" : ".";
        throw new InvalidRequestException($"activation must be {string.Join(" or ", known.Keys)}{nearest}");
    }
}

/// <summary>
/// Reads <c>{"values": ...}</c> from a request's pipe straight into a model's input tensors. Body and tensors count against the budget of bytes in flight.
/// </summary>
public sealed class PredictionBody(PredictionLimits limits, InferenceLimits inference, SessionCache sessions, ImageBody images)
{
    /// <summary>Reads the whole body, up to a limit, and parses it.</summary>
    /// <exception cref="TooLargeException">The body is over the limit.</exception>
    /// <exception cref="MemoryLimitException">The body or its tensors need more memory than one request may have.</exception>
    /// <exception cref="MemoryBusyException">Other requests hold the memory.</exception>
    /// <exception cref="InvalidInputException">The values do not fit the model.</exception>
    /// <exception cref="InvalidRequestException"><c>values</c> is missing, or there is another member.</exception>
    /// <exception cref="HttpStatusException">The body is said to be something else than JSON, or in a coding or charset that is not read (415).</exception>
    public async ValueTask ReadAsync(HttpRequest request, PredictionInputs inputs, LoadedModel model, FeatureColumns? features, CancellationToken cancellationToken)
    {
        using var body = await WholeBody.ReadAsync(await request.OpenJsonAsync(cancellationToken), request.ContentLength, sessions.Memory.Bodies, limits.PredictionBytes, cancellationToken);
        var json = RequestBody.WithoutMark(body.Bytes);
        var image = EncodedImage.Find(json, model.Signature, inference);
        if (image is null)
            await inputs.ReserveAsync(json, binary: 0, cancellationToken);
        Parse(json, image is null ? inputs : null, model.Signature, features);
        if (image is { } encoded)
            await images.ReadAsync(encoded, json, model, inputs, cancellationToken);
    }

    /// <summary>Reads a table in CSV.</summary>
    /// <inheritdoc cref="CsvTable.ReadAsync"/>
    /// <exception cref="TooLargeException">The body is over the limit.</exception>
    internal async ValueTask ReadCsvAsync(
        HttpRequest request, CsvOptions options, PredictionInputs inputs, LoadedModel model, FeatureColumns? columns, TableRules rules, CancellationToken cancellationToken)
    {
        using var body = await WholeBody.ReadAsync(await request.OpenTextAsync(cancellationToken), request.ContentLength, sessions.Memory.Bodies, limits.PredictionBytes, cancellationToken);
        var text = RequestBody.WithoutMark(body.Bytes);
        if (text.IsSingleSegment)
        {
            await CsvTable.ReadAsync(text.First, options, inputs, model.Signature, columns, rules, cancellationToken);
            return;
        }

        // The reader of CSV takes its text in one piece: a copy, which counts, too.
        sessions.Memory.Bodies.Add(text.Length);
        try
        {
            await CsvTable.ReadAsync(text.ToArray(), options, inputs, model.Signature, columns, rules, cancellationToken);
        }
        finally
        {
            sessions.Memory.Bodies.Release(text.Length);
        }
    }

    // Without inputs, values are only looked at: an image stands there, which is read afterwards.
    private void Parse(in ReadOnlySequence<byte> json, PredictionInputs? inputs, ModelSignature signature, FeatureColumns? features)
    {
        if (json.IsEmpty)
            throw new InvalidRequestException("No json data {values:[...]} or file provided");
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = inference.JsonDepth });
        var found = false;
        try
        {
            if (!JsonTokens.Read(ref reader) || reader.TokenType != JsonTokenType.StartObject)
                throw new InvalidRequestException("The body must be a JSON object {values:[...]}");
            while (JsonTokens.Read(ref reader) && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (!JsonTokens.IsName(ref reader, "values"u8))
                    throw new InvalidRequestException($"The member '{JsonTokens.Text(ref reader)}' is not known; send {{values:[...]}}");
                if (found)
                    throw new InvalidRequestException("values is given twice");
                JsonTokens.Read(ref reader);
                found = true;
                if (inputs is null)
                    JsonTokens.Skip(ref reader);
                else
                    inputs.Read(ref reader, features);
            }
            // If anything but white space follows the object, the reader throws.
            while (JsonTokens.Read(ref reader))
            {
            }
        }
        catch (JsonException exception)
        {
            using (var quoted = new QuotedBody(json, sessions.Memory.Bodies))
            {
                if (quoted.Read() is { } again)
                {
                    Parse(again, inputs, signature, features);
                    return;
                }
            }

            throw new InvalidInputException($"{Expectation(signature)}; the JSON is not valid: {JsonFault.ExplainSyntax(exception, json)}");
        }
        if (!found)
            throw new InvalidRequestException("No input for the model provided as (values:[...])");
    }

    private static string Expectation(ModelSignature signature) =>
        string.Join(", ", signature.Inputs.Select(input => $"{input.Name} expects {input.TypeName}"));
}

/// <summary>
/// Writes the answer of a prediction: <c>values</c> is the first output, <c>outputs</c> all of them by name, <c>labels</c> the names of the classes where the version has them. A body of up to <see cref="MostWholeBytes"/> is
/// built in a pooled buffer before it is sent, so that a failure while writing gets its own status, and the length is known. A longer body is sent in pieces while it is written, as
/// fast as the caller reads, for as long as run and answer together take no more than <see cref="InferenceLimits.RunSeconds"/>. After that the server cuts the connection, so that
/// the caller does not take half an answer for a whole one.
/// </summary>
public sealed partial class PredictionResponse(InferenceLimits limits, TimeProvider timeProvider, ILogger<PredictionResponse> logger)
{
    /// <summary>Response header with the version that answered.</summary>
    public const string VersionHeader = "Larder-Model-Version";

    /// <summary>Length of the longest body that is not sent in pieces.</summary>
    private const int MostWholeBytes = 256 << 10;

    /// <summary>Least bytes of a piece after the first.</summary>
    private const int PieceBytes = 64 << 10;

    /// <summary>Larger buffers are not returned to the pool.</summary>
    private const int MaxPooledBytes = 1 << 20;

    private static readonly JsonEncodedText HttpStatus = JsonEncodedText.Encode("http_status");
    private static readonly JsonEncodedText Values = JsonEncodedText.Encode("values");
    private static readonly JsonEncodedText Outputs = JsonEncodedText.Encode("outputs");
    private static readonly JsonEncodedText Labels = JsonEncodedText.Encode("labels");
    private static readonly byte[] Success = """{"code":200,"name":"OK","description":"Prediction successful"}"""u8.ToArray();

    private readonly ObjectPool<AnswerBuffer> _buffers = new DefaultObjectPool<AnswerBuffer>(new BufferPolicy());

    /// <summary>Sends the outputs of a run.</summary>
    /// <exception cref="InvalidInputException">An output cannot be written, or not processed; nothing was sent.</exception>
    /// <exception cref="RunTimeoutException">Run and answer together took too long.</exception>
    public async ValueTask SendAsync(HttpResponse response, ResolvedModel model, PredictionOutputs outputs, PostProcessing? processing, CancellationToken cancellationToken)
    {
        if (processing is not null)
            outputs.Check(processing);
        var buffer = _buffers.Get();
        try
        {
            if (outputs.AreSmall)
                Write(buffer, model, outputs, processing);
            else if (await SendPiecesAsync(response, buffer, model, outputs, Pieces(buffer.Writer, model, outputs, processing), cancellationToken))
                return;
            await SendWholeAsync(response, buffer, model, cancellationToken);
        }
        finally
        {
            _buffers.Return(buffer);
        }
    }

    /// <summary>Sends the answer of another protocol, which writes it in pieces into a buffer; it may set headers before the first piece.</summary>
    /// <exception cref="InvalidInputException">An output cannot be written; nothing was sent.</exception>
    /// <exception cref="RunTimeoutException">Run and answer together took too long.</exception>
    internal async ValueTask SendAsync(HttpResponse response, ResolvedModel model, PredictionOutputs outputs, Func<AnswerBuffer, IEnumerable<bool>> pieces, CancellationToken cancellationToken)
    {
        var buffer = _buffers.Get();
        try
        {
            if (!await SendPiecesAsync(response, buffer, model, outputs, pieces(buffer), cancellationToken))
                await SendWholeAsync(response, buffer, model, cancellationToken);
        }
        finally
        {
            _buffers.Return(buffer);
        }
    }

    private static async ValueTask SendWholeAsync(HttpResponse response, AnswerBuffer buffer, ResolvedModel model, CancellationToken cancellationToken)
    {
        Begin(response, model);
        response.ContentLength = buffer.Bytes.WrittenCount;
        await response.BodyWriter.WriteAsync(buffer.Bytes.WrittenMemory, cancellationToken);
    }

    private static void Begin(HttpResponse response, ResolvedModel model)
    {
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType ??= "application/json; charset=utf-8";
        response.Headers[VersionHeader] = model.Servable.Version;
    }

    /// <summary>Sends the answer in pieces. False if all of it fits the buffer; then nothing was sent.</summary>
    private async Task<bool> SendPiecesAsync(
        HttpResponse response, AnswerBuffer buffer, ResolvedModel model, PredictionOutputs outputs, IEnumerable<bool> pieces, CancellationToken cancellationToken)
    {
        var left = TimeSpan.FromSeconds(limits.RunSeconds) - outputs.RunTime;
        using var late = new CancellationTokenSource(left > TimeSpan.Zero ? left : TimeSpan.Zero, timeProvider);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken, response.HttpContext.RequestAborted);
        var sent = 0L;
        var isWhole = false;
        try
        {
            foreach (var _ in pieces)
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
            // RequestAborted is no evidence that the caller went away: Kestrel also cancels it when one of its writes is cancelled.
            var reason = $"The run of {model.Servable.Name}:{model.Servable.Version} and its answer took longer than {limits.RunSeconds} s (Limits:RunSeconds)";
            if (response.HasStarted)
                Cut(logger, reason, sent);
            throw new RunTimeoutException($"{reason}.");
        }
        finally
        {
            // A partial answer must not look complete.
            if (response.HasStarted && !isWhole)
                response.HttpContext.Abort();
        }
    }

    private static async ValueTask<int> SendPieceAsync(HttpResponse response, AnswerBuffer buffer, CancellationToken cancellationToken)
    {
        var length = buffer.Bytes.WrittenCount;
        var flushed = await response.BodyWriter.WriteAsync(buffer.Bytes.WrittenMemory, cancellationToken);
        buffer.Bytes.ResetWrittenCount();
        return flushed.IsCompleted ? throw new OperationCanceledException("The caller closed the connection.") : length;
    }

    private static IEnumerable<bool> Pieces(Utf8JsonWriter writer, ResolvedModel model, PredictionOutputs outputs, PostProcessing? processing)
    {
        BeginBody(writer);
        foreach (var piece in outputs.WritePieces(0, writer, processing))
            yield return piece;
        writer.WriteStartObject(Outputs);
        var names = model.Servable.Description.Signature.Outputs;
        for (var i = 0; i < outputs.Count; i++)
        {
            writer.WritePropertyName(names[i].Name);
            foreach (var piece in outputs.WritePieces(i, writer, processing))
                yield return piece;
        }

        EndBody(writer, model, outputs);
    }

    private static void Write(AnswerBuffer buffer, ResolvedModel model, PredictionOutputs outputs, PostProcessing? processing)
    {
        var writer = buffer.Writer;
        BeginBody(writer);
        writer.Flush();
        var start = buffer.Bytes.WrittenCount;
        outputs.WriteValue(0, writer, processing);
        writer.Flush();
        // The first output is formatted once and then copied. If the buffer grows meanwhile, this span still refers to its old memory.
        var first = buffer.Bytes.WrittenSpan[start..];
        writer.WriteStartObject(Outputs);
        var names = model.Servable.Description.Signature.Outputs;
        for (var i = 0; i < outputs.Count; i++)
        {
            writer.WritePropertyName(names[i].Name);
            if (i == 0)
                writer.WriteRawValue(first, skipInputValidation: true);
            else
                outputs.WriteValue(i, writer, processing);
        }
        EndBody(writer, model, outputs);
    }

    private static void BeginBody(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WritePropertyName(HttpStatus);
        writer.WriteRawValue(Success, skipInputValidation: true);
        writer.WritePropertyName(Values);
    }

    private static void EndBody(Utf8JsonWriter writer, ResolvedModel model, PredictionOutputs outputs)
    {
        writer.WriteEndObject();
        if (model.Labels is { } labels)
        {
            writer.WriteStartObject(Labels);
            writer.WritePropertyName(model.Servable.Description.Signature.Outputs[labels.Output].Name);
            outputs.WriteLabels(labels, writer);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.Flush();
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "{Reason}; the connection was cut after {Bytes} bytes of the answer.")]
    private static partial void Cut(ILogger logger, string reason, long bytes);

    private sealed class BufferPolicy : IPooledObjectPolicy<AnswerBuffer>
    {
        public AnswerBuffer Create() => new();

        public bool Return(AnswerBuffer buffer)
        {
            buffer.Bytes.ResetWrittenCount();
            buffer.Writer.Reset(buffer.Bytes);
            return buffer.Bytes.Capacity <= MaxPooledBytes;
        }
    }
}

/// <summary>What an answer is written to, piece by piece.</summary>
internal sealed class AnswerBuffer
{
    /// <summary>Least bytes that a writer of rows leaves between two steps, so that rows are not sent one by one.</summary>
    public const int PieceBytes = 32 << 10;

    /// <summary>An empty buffer.</summary>
    public AnswerBuffer()
    {
        Bytes = new ArrayBufferWriter<byte>(1024);
        Writer = new Utf8JsonWriter(Bytes, new JsonWriterOptions { SkipValidation = true });
    }

    /// <summary>The bytes, which are gone once they are sent.</summary>
    public ArrayBufferWriter<byte> Bytes { get; }

    /// <summary>Writes JSON to <see cref="Bytes"/>.</summary>
    public Utf8JsonWriter Writer { get; }
}
