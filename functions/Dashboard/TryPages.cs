using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Larder.Dashboard.Pages;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.Models;
using Larder.Functions.OpenApi;
using Larder.Functions.Prediction;
using Larder.Inference.Images;
using Larder.Inference.Signatures;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Dashboard;

/// <summary>Predictions by a form. They are requests to the prediction endpoint, made in this process, so that a page and the API cannot differ.</summary>
internal sealed class TryPages(Pages pages, PageForms forms, ModelRegistry registry, Predict predict, StagingArea staging, ImageLimits images)
{
    private const string FeaturePrefix = "feature:";
    private const string Image = "image";

    private static readonly FormSpec ImageForm = new(
        "a prediction by picture",
        "the form on the page",
        PageForms.TokenField,
        new(Image, "The picture.") { IsFile = true, IsRequired = true, Empty = "The picture is empty: choose a file." })
    {
        IsOfPage = true,
    };

    /// <summary>The form.</summary>
    [Function("UiTry"), Requires(Role.Predictor), Description("The page to try a model.")]
    [Query, Answers(MediaType = "text/html")]
    public async Task<IActionResult> Open(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "ui/models/{reference}/try")] HttpRequest request,
        string reference,
        CancellationToken cancellationToken) => await ShowAsync(request, await ResolveAsync(reference, cancellationToken), reference, Outcome.None);

    /// <summary>Predicts with the form's values.</summary>
    [Function("UiTryValues"), Requires(Role.Predictor), Description("Predicts with the values of a form.")]
    [Query, Answers(MediaType = "text/html")]
    public async Task<IActionResult> Values(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "ui/models/{reference}/try")] HttpRequest request,
        string reference,
        CancellationToken cancellationToken)
    {
        var form = await forms.ReadAsync(request, cancellationToken);
        var model = await ResolveAsync(reference, cancellationToken);
        var json = form["values"];
        string body;
        try
        {
            var values = json.Length > 0 ? JsonNode.Parse(json) : Row(form, model.Version.Onnx.Signature);
            body = new JsonObject { ["values"] = values }.ToJsonString();
        }
        catch (JsonException exception)
        {
            return await ShowAsync(request, model, reference, new Outcome { Json = json, Problem = $"The values are not JSON: {exception.Message}", Status = StatusCodes.Status422UnprocessableEntity });
        }
        var outcome = await PredictAsync(request, reference, "application/json", new MemoryStream(Encoding.UTF8.GetBytes(body)), cancellationToken);
        return await ShowAsync(request, model, reference, outcome with { Json = json, Given = form.Fields, Request = body });
    }

    /// <summary>Predicts with a picture.</summary>
    [Function("UiTryImage"), Requires(Role.Predictor), Description("Predicts with the picture of a form.")]
    [Query, Takes(nameof(ImageForm)), Answers(MediaType = "text/html")]
    public async Task<IActionResult> Picture(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "ui/models/{reference}/try-image")] HttpRequest request,
        string reference,
        CancellationToken cancellationToken)
    {
        var model = await ResolveAsync(reference, cancellationToken);
        return await forms.TakeAsync(
            request,
            ImageForm,
            (_, content, stop) => staging.AddAsync(content, "The picture", images.MaxBytes, cancellationToken: stop),
            TakeAsync,
            (_, sentence, status) => ShowAsync(request, model, reference, new Outcome { Problem = sentence, Status = status }),
            cancellationToken);

        async Task<IActionResult> TakeAsync(Form form)
        {
            await using var content = File.OpenRead(form.Require(Image, "Choose a picture.").Staged.Path);
            // What it really is, the prediction finds out.
            return await ShowAsync(request, model, reference, await PredictAsync(request, reference, "application/octet-stream", content, cancellationToken));
        }
    }

    private Task<ResolvedModel> ResolveAsync(string reference, CancellationToken cancellationToken) => registry.ResolveAsync(ModelReference.Parse(reference), cancellationToken);

    // The prediction endpoint, called with a request of its own for the same caller.
    private async Task<Outcome> PredictAsync(HttpRequest request, string reference, string contentType, Stream body, CancellationToken cancellationToken)
    {
        var answer = new MemoryStream();
        var inner = new DefaultHttpContext { RequestServices = request.HttpContext.RequestServices, RequestAborted = cancellationToken };
        inner.Features.Set(request.Caller());
        inner.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(answer));
        (inner.Request.Method, inner.Request.ContentType, inner.Request.ContentLength, inner.Request.Body) = (HttpMethods.Post, contentType, body.Length, body);
        var began = Stopwatch.GetTimestamp();
        try
        {
            await predict.Run(inner.Request, reference, cancellationToken);
        }
        catch (Exception exception) when (ErrorKinds.Of(exception) is var kind && !ErrorKinds.IsFault(kind))
        {
            return new Outcome { Problem = ErrorKinds.Sentence(exception, kind, requestId: ""), Status = (int)kind };
        }
        var milliseconds = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        return new Outcome { Answer = JsonSerializer.Deserialize<JsonElement>(answer.ToArray()), Milliseconds = milliseconds };
    }

    // A field that is empty is a missing value.
    private static JsonObject Row(PageForm form, ModelSignature signature)
    {
        var isText = signature.Inputs.Any(input => input.Datatype == Datatype.Bytes);
        return new JsonObject(form.Fields.Where(field => field.Key.StartsWith(FeaturePrefix, StringComparison.Ordinal)).Select(field =>
            KeyValuePair.Create(field.Key[FeaturePrefix.Length..], Value(field.Value.Trim()))));

        JsonNode? Value(string text) =>
            text.Length == 0 ? null
            : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number
            : isText || text is "NaN" or "Infinity" or "-Infinity" ? text
            : throw new InvalidRequestException($"{RequestText.Shown(text)} is not a number.");
    }

    private Task<IActionResult> ShowAsync(HttpRequest request, ResolvedModel model, string reference, Outcome outcome) => pages.ShowAsync<TryPage>(
        request,
        new()
        {
            [nameof(TryPage.Reference)] = reference,
            [nameof(TryPage.Version)] = ModelAnswers.Of(model.Version),
            [nameof(TryPage.TakesImage)] = ImagePlan.Accepts(model.Version.Onnx.Signature),
            [nameof(TryPage.Example)] = ModelDocument.Example(model)?.ToJsonString(),
            [nameof(TryPage.Json)] = outcome.Json,
            [nameof(TryPage.Given)] = outcome.Given,
            [nameof(TryPage.Problem)] = outcome.Problem,
            [nameof(TryPage.Answer)] = outcome.Answer,
            [nameof(TryPage.Milliseconds)] = outcome.Milliseconds,
            [nameof(TryPage.Request)] = outcome.Request,
            [nameof(TryPage.Server)] = $"{request.Scheme}://{request.Host}",
        },
        outcome.Status);

    private sealed record Outcome
    {
        public static Outcome None { get; } = new();

        public string Json { get; init; } = "";

        public IReadOnlyDictionary<string, string> Given { get; init; } = new Dictionary<string, string>();

        public string? Problem { get; init; }

        public JsonElement? Answer { get; init; }

        public double Milliseconds { get; init; }

        public string? Request { get; init; }

        public int Status { get; init; } = StatusCodes.Status200OK;
    }
}
