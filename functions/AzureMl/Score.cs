using System.ComponentModel;
using System.Globalization;
using System.Text.Json;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Functions.Operations;
using Larder.Functions.Prediction;
using Larder.Inference;
using Larder.Registry.Access;
using Larder.Registry.Catalog;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.AzureMl;

/// <summary>The routes of an Azure ML online endpoint (its inference server, with a model in MLflow's format), for the model that the setting <c>Serving:Model</c> names.</summary>
public sealed class Score(PredictionEngine engine, ServedModel served, ModelCatalog catalog, ServerVersion server, PredictionJson json, PredictionResponse answers)
{
    private const string Methods = "GET, HEAD, OPTIONS, POST";

    // GET has none.
    private static readonly JsonBody<ScoreRequest> Body = new("{\"input_data\": ...}") { IsRequired = false };

    /// <summary>Runs the model; answers OPTIONS with the methods that there are.</summary>
    [Function("Score"), Requires(Role.Predictor, Scope = ScopeRule.Function), Description("Predict with the model of Serving:Model, as an Azure ML endpoint.")]
    [Takes(nameof(Body)), TakesHeaders(RequestTimeout.Header), Answers(typeof(JsonElement))]
    public async Task<IActionResult> Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", "options", "post", Route = "score")] HttpRequest request, CancellationToken cancellationToken)
    {
        var response = request.HttpContext.Response;
        RequestIds.Echo(request, response);
        response.Headers["x-ms-server-version"] = $"larder/{server.Version}";
        if (HttpMethods.IsOptions(request.Method))
        {
            response.Headers.Allow = Methods;
            return new OkResult();
        }

        var reference = await served.RequireAsync(request, cancellationToken);
        if (!request.HasJsonContentType() && !string.IsNullOrEmpty(request.ContentType))
            throw new HttpStatusException(ErrorKind.UnsupportedMedia, $"This takes JSON; the Content-Type '{RequestText.Shown(request.ContentType)}' is not read here. Send it as application/json.");
        return await engine.RunAsync(reference, new ScoreExchange(request, json, answers), cancellationToken);
    }

    /// <summary>An OpenAPI document of the model's route: version 2 (which is Swagger's), 3 or 3.1.</summary>
    [Function("ScoreSwagger"), Requires(Role.Reader, Scope = ScopeRule.Function), Description("OpenAPI document of /score, of the model of Serving:Model: ?version=2, 3 or 3.1.")]
    [Answers(typeof(JsonElement))]
    public async Task<IActionResult> Swagger([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "swagger.json")] HttpRequest request, CancellationToken cancellationToken)
    {
        RequestIds.Echo(request, request.HttpContext.Response);
        var version = request.Query["version"].ToString();
        if (ScoreDocument.VersionOf(version) is not { } format)
            throw new HttpStatusException(ErrorKind.NotFound, $"There is no document of version '{RequestText.Shown(version)}': version must be 2, 3 or 3.1.");
        var model = await catalog.ResolveAsync(await served.RequireAsync(request, cancellationToken), cancellationToken);
        return new ScoreDocument(model, format);
    }
}

/// <summary>The ids that a caller gives its request. <c>x-request-id</c> is answered for all routes (<see cref="RequestIdMiddleware"/>).</summary>
internal static class RequestIds
{
    private const int MostCharacters = 100;

    private static readonly string[] Echoed = ["x-ms-client-request-id", "x-ms-request-id"];

    /// <summary>Repeats them in the answer.</summary>
    /// <exception cref="HttpStatusException">One is too long (431).</exception>
    public static void Echo(HttpRequest request, HttpResponse response)
    {
        Require(request, RequestIdMiddleware.Header);
        foreach (var name in Echoed)
        {
            Require(request, name);
            // Nothing that a header may not have.
            if (request.Headers[name] is [{ Length: > 0 } id] && !id.AsSpan().ContainsAnyExceptInRange(' ', '~'))
                response.Headers[name] = id;
        }
    }

    private static void Require(HttpRequest request, string name)
    {
        var length = request.Headers[name].ToString().Length;
        if (length > MostCharacters)
            throw new HttpStatusException(ErrorKind.HeaderTooLong, string.Create(CultureInfo.InvariantCulture, $"{name} has {length} characters; {MostCharacters} is the most."));
    }
}
