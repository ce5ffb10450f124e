using System.Buffers;
using System.ComponentModel;
using System.Text.Json;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Functions.Prediction;
using Larder.Inference;
using Larder.Inference.Tensors;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.TensorFlowServing;

/// <summary>The methods of TensorFlow Serving's REST API (its api_rest.md): predict, classify and regress. KServe V1 has the first on the same route.</summary>
public sealed class PredictionMethods(PredictionEngine engine, PredictionJson json, PredictionResponse answers)
{
    private static readonly JsonBody<ServingRequest> Body = new("{\"instances\": [...]} or {\"inputs\": ...}, or {\"examples\": [...]}");

    /// <summary>Runs the version that requests without a version get.</summary>
    [Function("PredictV1"), Requires(Role.Predictor), Description("Predict, classify or regress, in TensorFlow Serving's REST API; predict also in KServe V1.")]
    [Takes(nameof(Body)), TakesHeaders(RequestTimeout.Header), Answers(typeof(ServingAnswer)), Answers(status: StatusCodes.Status501NotImplemented)]
    public Task<IActionResult> Default(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "v1/models/{model}:{method}")] HttpRequest request,
        string model,
        string method,
        CancellationToken cancellationToken) => RunAsync(request, ServingReference.Of(model), method, cancellationToken);

    /// <summary>Runs a version, given by its number.</summary>
    [Function("PredictVersionV1"), Requires(Role.Predictor), Description("Predict, classify or regress with a version, in TensorFlow Serving's REST API.")]
    [Takes(nameof(Body)), TakesHeaders(RequestTimeout.Header), Answers(typeof(ServingAnswer)), Answers(status: StatusCodes.Status501NotImplemented)]
    public Task<IActionResult> Version(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "v1/models/{model}/versions/{version}:{method}")] HttpRequest request,
        string model,
        string version,
        string method,
        CancellationToken cancellationToken) => RunAsync(request, ServingReference.OfVersion(model, version), method, cancellationToken);

    /// <summary>Runs a version, given by a label, which is an alias.</summary>
    [Function("PredictLabelV1"), Requires(Role.Predictor), Description("Predict, classify or regress with an alias, in TensorFlow Serving's REST API.")]
    [Takes(nameof(Body)), TakesHeaders(RequestTimeout.Header), Answers(typeof(ServingAnswer)), Answers(status: StatusCodes.Status501NotImplemented)]
    public Task<IActionResult> Label(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "v1/models/{model}/labels/{label}:{method}")] HttpRequest request,
        string model,
        string label,
        string method,
        CancellationToken cancellationToken) => RunAsync(request, ServingReference.OfLabel(model, label), method, cancellationToken);

    private Task<IActionResult> RunAsync(HttpRequest request, string reference, string method, CancellationToken cancellationToken)
    {
        var body = new ServingBody(request, json);
        IPredictionExchange exchange = method.ToLowerInvariant() switch
        {
            "predict" => new PredictExchange(request.HttpContext.Response, body, answers),
            "classify" => new ExampleExchange(request.HttpContext.Response, body, answers, isRegression: false),
            "regress" => new ExampleExchange(request.HttpContext.Response, body, answers, isRegression: true),
            "explain" => throw new HttpStatusException(ErrorKind.Unsupported, "Explanations are not supported: models have no explainer."),
            _ => throw new NotFoundException($"There is no method '{RequestText.Shown(method)}': use :predict, :classify or :regress."),
        };
        return engine.RunAsync(reference, exchange, cancellationToken);
    }
}

/// <summary>References to models as the routes have them: a name, and beside it a version or a label.</summary>
internal static class ServingReference
{
    /// <summary>Of the version that requests without a version get.</summary>
    /// <exception cref="InvalidRequestException">It is not the name of a model.</exception>
    public static string Of(string model) => ModelName.Parse(model);

    /// <summary>Of a version.</summary>
    /// <exception cref="InvalidRequestException">A part is malformed.</exception>
    public static string OfVersion(string model, string version) => $"{Of(model)}:{ModelReference.ParseVersion(version)}";

    /// <summary>Of an alias.</summary>
    /// <exception cref="InvalidRequestException">A part is malformed.</exception>
    public static string OfLabel(string model, string label)
    {
        ModelName.ValidateAlias(label);
        return $"{Of(model)}:{label}";
    }
}

/// <summary>Reads the JSON of a request for the inputs of a model.</summary>
/// <param name="request">The request.</param>
/// <param name="json">Reads it whole.</param>
internal sealed class ServingBody(HttpRequest request, PredictionJson json)
{
    /// <summary>What reads the members of the object that a body is.</summary>
    public delegate void MembersReader(in ReadOnlySequence<byte> body, ref Utf8JsonReader reader);

    /// <summary>Reads the body. Bare NaN and infinities are taken, as TensorFlow Serving does.</summary>
    /// <param name="inputs">Count the values against the budget.</param>
    /// <param name="read">Called with a reader on the object's beginning, which it leaves on the end; once more if the first call threw a <see cref="JsonException"/>.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="InvalidRequestException">The body is not an object.</exception>
    /// <exception cref="JsonException">It is not JSON.</exception>
    public async ValueTask ReadAsync(PredictionInputs inputs, MembersReader read, CancellationToken cancellationToken) =>
        await json.ReadAsync(await request.OpenJsonAsync(cancellationToken), request.ContentLength, inputs, body => Read(body, read), cancellationToken);

    /// <inheritdoc cref="PredictionJson.ReaderAt" />
    public Utf8JsonReader ReaderAt(in ReadOnlySequence<byte> body, long place) => json.ReaderAt(body, place);

    /// <summary>Reads <c>signature_name</c>: a model has one signature.</summary>
    /// <exception cref="InvalidRequestException">It is another, or no text.</exception>
    public static void ReadSignatureName(ref Utf8JsonReader reader)
    {
        JsonTokens.Read(ref reader);
        if (reader.TokenType != JsonTokenType.String)
            throw new InvalidRequestException("signature_name must be a string.");
        if (!JsonTokens.IsName(ref reader, "serving_default"u8) && !JsonTokens.IsName(ref reader, ""u8))
            throw new InvalidRequestException($"Serving signature name '{JsonTokens.Text(ref reader)}' is not known: each model has the signature serving_default only.");
    }

    private void Read(in ReadOnlySequence<byte> body, MembersReader read)
    {
        var reader = new Utf8JsonReader(body, json.Options);
        if (body.IsEmpty || !JsonTokens.Read(ref reader) || reader.TokenType != JsonTokenType.StartObject)
            throw new InvalidRequestException("The body must be a JSON object.");
        read(body, ref reader);
        // If anything but white space follows the object, the reader throws.
        while (JsonTokens.Read(ref reader))
        {
        }
    }
}
