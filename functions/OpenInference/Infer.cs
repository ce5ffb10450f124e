using System.Buffers;
using System.ComponentModel;
using System.Globalization;
using System.IO.Pipelines;
using System.Text.Json;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Functions.Prediction;
using Larder.Inference.Limits;
using Larder.Inference.Sessions;
using Larder.Inference.Tensors;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.OpenInference;

/// <summary>Predictions in the Open Inference Protocol V2, with Triton's binary tensor data extension.</summary>
public sealed class Infer(PredictionEngine engine, SessionCache sessions, PredictionLimits limits, InferenceLimits inference, PredictionResponse answers)
{
    /// <summary>Request and response header with the length of the JSON, where bytes of tensors follow it.</summary>
    internal const string JsonLengthHeader = "Inference-Header-Content-Length";

    private static readonly JsonBody<InferenceRequest> Body = new("{\"inputs\": [...]}");

    // JSON and the bytes of tensors behind it, or those bytes alone.
    private static readonly FileBody Binary = new("application/octet-stream");

    /// <summary>Runs the version that requests without a version get.</summary>
    [Function("InferV2"), Requires(Role.Predictor), Description("Predict, in the Open Inference Protocol V2.")]
    [Takes(nameof(Body), nameof(Binary)), TakesHeaders(JsonLengthHeader, RequestTimeout.Header), Answers(typeof(InferenceAnswer)), Answers(MediaType = "application/octet-stream")]
    public Task<IActionResult> Default(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "v2/models/{model}/infer")] HttpRequest request,
        string model,
        CancellationToken cancellationToken) => RunAsync(request, model, cancellationToken);

    /// <summary>Runs a version, given by its number or, which is Larder's addition, by an alias.</summary>
    [Function("InferVersionV2"), Requires(Role.Predictor), Description("Predict with a version or an alias, in the Open Inference Protocol V2.")]
    [Takes(nameof(Body), nameof(Binary)), TakesHeaders(JsonLengthHeader, RequestTimeout.Header), Answers(typeof(InferenceAnswer)), Answers(MediaType = "application/octet-stream")]
    public Task<IActionResult> Version(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "v2/models/{model}/versions/{version}/infer")] HttpRequest request,
        string model,
        string version,
        CancellationToken cancellationToken) => RunAsync(request, $"{model}:{version}", cancellationToken);

    private Task<IActionResult> RunAsync(HttpRequest request, string reference, CancellationToken cancellationToken) =>
        engine.RunAsync(reference, new Exchange(this, request, answers), cancellationToken);

    private async ValueTask<InferRequest> ReadAsync(HttpRequest request, PredictionInputs inputs, LoadedModel model, CancellationToken cancellationToken)
    {
        var jsonLength = JsonLength(request);
        var reader = jsonLength is null ? await request.OpenJsonAsync(cancellationToken) : request.OpenBodyReader();
        if (jsonLength is { } head && request.ContentLength is { } length && !inputs.HasText)
            return await ReceiveAsync(reader, head, length, inputs, model, cancellationToken);
        using var body = await WholeBody.ReadAsync(reader, request.ContentLength, sessions.Memory.Bodies, limits.PredictionBytes, cancellationToken);
        if (jsonLength > body.Bytes.Length)
            throw TooLong(jsonLength.Value, body.Bytes.Length);
        var json = body.Bytes.Slice(0, jsonLength ?? body.Bytes.Length);
        var binary = new TensorBytes(body.Bytes.Slice(json.End));
        await inputs.ReserveAsync(json, binary.Length, cancellationToken);
        return jsonLength == 0 ? InferRequest.ReadRaw(binary, inputs, model.Signature) : Read(json, binary, inputs, model);
    }

    // The bytes of tensors are received where they belong: the body is never in memory as a whole.
    private async ValueTask<InferRequest> ReceiveAsync(PipeReader body, int jsonLength, long length, PredictionInputs inputs, LoadedModel model, CancellationToken cancellationToken)
    {
        if (length > limits.PredictionBytes)
            throw WholeBody.TooLarge(limits.PredictionBytes);
        if (jsonLength > length)
            throw TooLong(jsonLength, length);
        InferRequest request;
        using (var head = await WholeBody.ReadHeadAsync(body, jsonLength, sessions.Memory.Bodies, cancellationToken))
        {
            var binary = new TensorBytes(length - jsonLength, Here: null);
            await inputs.ReserveAsync(head.Bytes, binary.Length, cancellationToken);
            request = jsonLength == 0 ? InferRequest.ReadRaw(binary, inputs, model.Signature) : Read(head.Bytes, binary, inputs, model);
        }

        await request.ReceiveAsync(body, cancellationToken);
        return request;
    }

    private InferRequest Read(in ReadOnlySequence<byte> text, in TensorBytes binary, PredictionInputs inputs, LoadedModel model)
    {
        var json = RequestBody.WithoutMark(text);
        try
        {
            return new InferRequest(json, binary, inputs, model.Signature, inference.JsonDepth);
        }
        catch (JsonException)
        {
            using var quoted = new QuotedBody(json, sessions.Memory.Bodies);
            if (quoted.Read() is { } again)
                return new InferRequest(again, binary, inputs, model.Signature, inference.JsonDepth);
            throw;
        }
    }

    private static InvalidRequestException TooLong(int jsonLength, long length) => new($"{JsonLengthHeader} is {jsonLength}, and the body has {length} bytes.");

    private static int? JsonLength(HttpRequest request) => request.Headers[JsonLengthHeader] switch
    {
        [] => null,
        [{ } text] when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var length) => length,
        _ => throw new InvalidRequestException($"{JsonLengthHeader} must be the length of the JSON in bytes, from 0 to {int.MaxValue}."),
    };

    private sealed class Exchange(Infer dialect, HttpRequest request, PredictionResponse answers) : IPredictionExchange
    {
        private InferRequest? _asked;

        public Dialect Dialect => Dialect.OpenInference;

        public TimeSpan? Timeout => _asked?.Timeout ?? RequestTimeout.Of(request);

        public HttpContext Http => request.HttpContext;

        public async ValueTask ReadAsync(ResolvedModel model, LoadedModel loaded, PredictionInputs inputs, CancellationToken cancellationToken) =>
            _asked = await dialect.ReadAsync(request, inputs, loaded, cancellationToken);

        public async ValueTask SendAsync(ResolvedModel model, PredictionOutputs outputs, CancellationToken cancellationToken)
        {
            using var answer = new InferAnswer(request.HttpContext.Response, model, _asked!, outputs);
            await answers.SendAsync(request.HttpContext.Response, model, outputs, answer.Pieces, cancellationToken);
        }
    }
}
