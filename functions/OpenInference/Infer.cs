using System.ComponentModel;
using System.Globalization;
using System.Text.Json;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.Prediction;
using Larder.Inference.Limits;
using Larder.Inference.Sessions;
using Larder.Inference.Tensors;
using Larder.Registry.Access;
using Larder.Registry.Catalog;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.OpenInference;

/// <summary>Predictions in the Open Inference Protocol V2, with Triton's binary tensor data extension.</summary>
public sealed class Infer(ModelCatalog catalog, SessionCache sessions, PredictionLimits limits, InferenceLimits inference, PredictionResponse answers, PredictionMetrics metrics)
{
    /// <summary>Request and response header with the length of the JSON, where bytes of tensors follow it.</summary>
    internal const string JsonLengthHeader = "Inference-Header-Content-Length";

    // PredictionResponse has written the answer.
    private static readonly EmptyResult Sent = new();

    /// <summary>Runs the version that requests without a version get.</summary>
    [Function("InferV2"), Requires(Role.Predictor), Description("Predict, in the Open Inference Protocol V2.")]
    public Task<IActionResult> Default(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "v2/models/{model}/infer")] HttpRequest request,
        string model,
        CancellationToken cancellationToken) => RunAsync(request, model, cancellationToken);

    /// <summary>Runs a version, given by its number or, which is Larder's addition, by an alias.</summary>
    [Function("InferVersionV2"), Requires(Role.Predictor), Description("Predict with a version or an alias, in the Open Inference Protocol V2.")]
    public Task<IActionResult> Version(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "v2/models/{model}/versions/{version}/infer")] HttpRequest request,
        string model,
        string version,
        CancellationToken cancellationToken) => RunAsync(request, $"{model}:{version}", cancellationToken);

    private async Task<IActionResult> RunAsync(HttpRequest request, string reference, CancellationToken cancellationToken)
    {
        var began = metrics.Begin();
        ResolvedModel? model = null;
        try
        {
            model = await catalog.ResolveAsync(reference, cancellationToken);
            using var lease = await sessions.LeaseAsync(model.Servable, cancellationToken);
            InferRequest asked;
            PredictionOutputs result;
            using (var inputs = lease.Model.RentInputs())
            {
                asked = await ReadAsync(request, inputs, lease.Model, cancellationToken);
                result = await lease.Model.RunAsync(inputs, cancellationToken);
            }

            using var outputs = result;
            using var answer = new InferAnswer(request.HttpContext.Response, model, asked, outputs);
            await answers.SendAsync(request.HttpContext.Response, model, outputs, answer.Pieces, cancellationToken);
            metrics.End(began, model, StatusCodes.Status200OK);
            return Sent;
        }
        catch (Exception exception)
        {
            metrics.End(began, model, Dialect.OpenInference.StatusOf(ErrorKinds.Of(exception)));
            throw;
        }
    }

    private async ValueTask<InferRequest> ReadAsync(HttpRequest request, PredictionInputs inputs, LoadedModel model, CancellationToken cancellationToken)
    {
        var jsonLength = JsonLength(request);
        var reader = jsonLength is null ? await request.OpenJsonAsync(cancellationToken) : request.OpenBodyReader();
        using var body = await WholeBody.ReadAsync(reader, request.ContentLength, sessions.Memory.Bodies, limits.PredictionBytes, cancellationToken);
        if (jsonLength > body.Bytes.Length)
            throw new InvalidRequestException($"{JsonLengthHeader} is {jsonLength}, and the body has {body.Bytes.Length} bytes.");
        var json = body.Bytes.Slice(0, jsonLength ?? body.Bytes.Length);
        var binary = body.Bytes.Slice(json.End);
        await inputs.ReserveAsync(json, binary.Length, cancellationToken);
        if (jsonLength == 0)
            return InferRequest.ReadRaw(binary, inputs, model.Signature);
        json = RequestBody.WithoutMark(json);
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

    private static int? JsonLength(HttpRequest request) => request.Headers[JsonLengthHeader] switch
    {
        [] => null,
        [{ } text] when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var length) => length,
        _ => throw new InvalidRequestException($"{JsonLengthHeader} must be the length of the JSON in bytes, from 0 to {int.MaxValue}."),
    };
}
