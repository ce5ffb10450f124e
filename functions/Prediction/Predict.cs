using System.Buffers;
using System.ComponentModel;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.IO.Pipelines;
using System.Text.Json;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Inference;
using Larder.Inference.Limits;
using Larder.Inference.Memory;
using Larder.Inference.Sessions;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;
using Larder.Registry.Access;
using Larder.Registry.Catalog;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.ObjectPool;

namespace Larder.Functions.Prediction;

/// <summary>The prediction endpoint: values as JSON, or one image.</summary>
public sealed class Predict(
    ModelCatalog catalog,
    SessionCache sessions,
    PredictionBody values,
    ImageBody images,
    PredictionResponse answers,
    PredictionMetrics metrics)
{
    // PredictionResponse has written the answer.
    private static readonly EmptyResult Sent = new();

    /// <summary>Runs a model on the request's values or image.</summary>
    [Function("Predict"), Requires(Role.Predictor), Description("Predict: {\"values\": ...}, or an image.")]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", "post", Route = "api/v1/models/{reference}/prediction")] HttpRequest request,
        string reference,
        CancellationToken cancellationToken)
    {
        var began = metrics.Begin();
        ResolvedModel? model = null;
        try
        {
            QueryParameters.RequireKnown(request, PredictionQuery.Top, PredictionQuery.Activation, PredictionQuery.Output);
            model = await catalog.ResolveAsync(reference, cancellationToken);
            var processing = PredictionQuery.Read(request, model.Version);
            using var lease = await sessions.LeaseAsync(model.Servable, cancellationToken);
            PredictionOutputs result;
            using (var inputs = lease.Model.RentInputs())
            {
                if (await ImageBody.IsImageAsync(request, cancellationToken))
                    await images.ReadAsync(request, lease.Model, inputs, cancellationToken);
                else
                    await values.ReadAsync(request, inputs, lease.Model, model.Features, cancellationToken);
                result = await lease.Model.RunAsync(inputs, cancellationToken);
            }

            // The inputs are returned first, so that a slow reader of the answer does not hold their memory.
            using var outputs = result;
            await answers.SendAsync(request.HttpContext.Response, model, outputs, processing, cancellationToken);
            metrics.End(began, model, StatusCodes.Status200OK);
            return Sent;
        }
        catch (Exception exception)
        {
            metrics.End(began, model, Dialect.ModelApi.StatusOf(ErrorKinds.Of(exception)));
            throw;
        }
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
        var top = (int?)QueryParameters.Number(request, Top, 1, MostTop);
        var activation = QueryParameters.Text(request, Activation) is { } name ? ActivationOf(name) : (Activation?)null;
        var output = QueryParameters.Text(request, Output);
        if (top is not null || activation is not null)
            return PostProcessing.Of(top, activation, output, version.Labels, version.Onnx.Signature);
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
                    reader.Skip();
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

/// <summary>A prediction's body, whole in memory; its bytes count against the budget of bytes in flight until it is disposed of.</summary>
internal readonly struct WholeBody : IDisposable
{
    // Bytes of the budget that a body without Content-Length takes at first, and the factor by which it takes more. The steps are few, since a request that waits for more
    // holds what it has read.
    private const long FirstBytes = 64 << 10;
    private const long Growth = 8;

    private readonly PipeReader _body;
    private readonly MemoryShare _budget;
    private readonly long _taken;

    private WholeBody(PipeReader body, ReadOnlySequence<byte> bytes, MemoryShare budget, long taken) => (_body, Bytes, _budget, _taken) = (body, bytes, budget, taken);

    /// <summary>The bytes.</summary>
    public ReadOnlySequence<byte> Bytes { get; }

    /// <summary>Reads a body to its end.</summary>
    /// <param name="body">The body.</param>
    /// <param name="length">Its length as the caller says; null where the caller does not.</param>
    /// <param name="budget">The budget.</param>
    /// <param name="limit">The most bytes that it may have.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="TooLargeException">The body is over the limit.</exception>
    /// <exception cref="MemoryBusyException">Other requests hold the memory.</exception>
    public static async ValueTask<WholeBody> ReadAsync(PipeReader body, long? length, MemoryShare budget, long limit, CancellationToken cancellationToken)
    {
        if (length > limit)
            throw TooLarge(limit);
        var taken = length ?? Math.Min(FirstBytes, limit);
        await budget.TakeAsync(taken, cancellationToken);
        try
        {
            while (true)
            {
                var result = await body.ReadAsync(cancellationToken);
                if (result.IsCompleted && result.Buffer.Length <= limit)
                    return new WholeBody(body, result.Buffer, budget, taken);
                // Also before a failure: an open read would break the connection for the next request.
                body.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                if (result.Buffer.Length > limit)
                    throw TooLarge(limit);
                while (result.Buffer.Length > taken)
                {
                    var larger = Math.Min(taken * Growth, limit);
                    await budget.TakeAsync(larger, cancellationToken);
                    budget.Release(taken);
                    taken = larger;
                }
            }
        }
        catch
        {
            budget.Release(taken);
            throw;
        }
    }

    /// <summary>Gives the bytes back.</summary>
    public void Dispose()
    {
        _body.AdvanceTo(Bytes.End);
        _budget.Release(_taken);
    }

    private static TooLargeException TooLarge(long limit) => new($"A prediction's body is limited to {limit} bytes.");
}

/// <summary>A second body for JSON that has NaN and infinities as bare words, which are no JSON: with quotes they are. It counts against the budget until it is disposed of.</summary>
internal readonly struct QuotedBody : IDisposable
{
    private readonly ReadOnlySequence<byte> _json;
    private readonly MemoryShare _budget;

    /// <summary>Takes the bytes of the budget, without waiting.</summary>
    public QuotedBody(in ReadOnlySequence<byte> json, MemoryShare budget)
    {
        (_json, _budget) = (json, budget);
        _budget.Add(Bytes);
    }

    // The copy that is searched, and the one with quotes.
    private long Bytes => 2 * _json.Length;

    /// <summary>The JSON with quotes around such words; null when it has none.</summary>
    public ReadOnlySequence<byte>? Read() => NumberNames.Quoted(_json) is { } quoted ? new ReadOnlySequence<byte>(quoted) : null;

    /// <summary>Gives the bytes back.</summary>
    public void Dispose() => _budget.Release(Bytes);
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

/// <summary>Metrics of predictions: requests, errors and durations by model, version and status.</summary>
public sealed class PredictionMetrics
{
    private readonly Counter<long> _requests;
    private readonly Counter<long> _errors;
    private readonly Histogram<double> _seconds;
    private long _inFlight;

    /// <summary>Creates the instruments.</summary>
    public PredictionMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("Larder.Functions");
        _requests = meter.CreateCounter<long>("larder.prediction.requests", null, "Predictions asked for, by model and version.");
        _errors = meter.CreateCounter<long>("larder.prediction.errors", null, "Predictions not answered with 200, by model, version and status.");
        _seconds = meter.CreateHistogram<double>("larder.prediction.duration", "s", "Time from the request's headers to the answer's last byte.");
        meter.CreateObservableUpDownCounter("larder.prediction.in_flight", () => Interlocked.Read(ref _inFlight), null, "Predictions being worked on.");
    }

    /// <summary>Counts the start of a prediction.</summary>
    /// <returns>Timestamp to pass to <see cref="End"/>.</returns>
    public long Begin()
    {
        Interlocked.Increment(ref _inFlight);
        return Stopwatch.GetTimestamp();
    }

    /// <summary>Counts the end of a prediction.</summary>
    /// <param name="began">Timestamp from <see cref="Begin"/>.</param>
    /// <param name="model">The version that was resolved; null if none was, so that callers cannot create labels.</param>
    /// <param name="status">HTTP status of the answer.</param>
    public void End(long began, ResolvedModel? model, int status)
    {
        Interlocked.Decrement(ref _inFlight);
        var name = new KeyValuePair<string, object?>("model", model?.Servable.Name ?? "");
        var version = new KeyValuePair<string, object?>("version", model?.Servable.Version ?? "");
        _requests.Add(1, name, version);
        _seconds.Record(Stopwatch.GetElapsedTime(began).TotalSeconds, name, version);
        if (status != 200)
            _errors.Add(1, name, version, new KeyValuePair<string, object?>("status", status));
    }
}

/// <summary>Limits of a prediction request that HTTP enforces.</summary>
public sealed record PredictionLimits
{
    /// <summary>Largest body of a prediction, in bytes (setting <c>Limits:PredictionBytes</c>).</summary>
    [AtLeast(1)]
    public long PredictionBytes { get; init; } = 64 * 1024 * 1024;
}
