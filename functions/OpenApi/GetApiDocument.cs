using System.ComponentModel;
using System.Text.Json;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Registry.Access;
using Larder.Registry.Models;
using Larder.Registry.Samples;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.OpenApi;

/// <summary>The API, described for programs.</summary>
public sealed class GetApiDocument(ApiDocument document, RouteTable routes, ModelRegistry registry, SampleStore samples)
{
    /// <summary>The OpenAPI document of all routes.</summary>
    [Function("OpenApi"), Requires(Role.None), Description("The OpenAPI document of all routes.")]
    [Query, Answers(typeof(JsonElement))]
    public IActionResult Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "openapi.json")] HttpRequest request) => new DocumentAnswer(document.JsonBelow(request.PathBase));

    /// <summary>The OpenAPI document of a model's prediction, with the schema of its values and of its answer. The example is the version's first sample, where it has samples.</summary>
    [Function("ModelOpenApi"), Requires(Role.Reader), Description("The OpenAPI document of a model's prediction, with schemas and an example.")]
    [Query, Answers(typeof(JsonElement))]
    public async Task<IActionResult> GetOfModel(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/models/{reference}/openapi.json")] HttpRequest request,
        string reference,
        CancellationToken cancellationToken)
    {
        var model = (await registry.ResolveAsync(ModelReference.Parse(reference), cancellationToken)).RequireServable();
        var recorded = await samples.ReadAsync(model.Version.Files, cancellationToken);
        return new DocumentAnswer(ApiDocument.Serialize(ModelDocument.Build(routes, request.PathBase, reference, model, recorded is [var first, ..] ? first.Values : null)));
    }
}

/// <summary>An answer that is JSON already.</summary>
/// <param name="json">The JSON.</param>
internal sealed class DocumentAnswer(ReadOnlyMemory<byte> json) : JsonAnswer
{
    /// <inheritdoc />
    protected override int Write(Utf8JsonWriter writer, Dialect dialect)
    {
        writer.WriteRawValue(json.Span, skipInputValidation: true);
        return StatusCodes.Status200OK;
    }
}
