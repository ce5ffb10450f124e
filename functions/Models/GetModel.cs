using System.ComponentModel;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Inference.Sessions;
using Larder.Registry.Access;
using Larder.Registry.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Models;

/// <summary>What there is to know about one model.</summary>
public sealed class GetModel(ModelRegistry registry, SessionCache sessions)
{
    /// <summary>Describes a model.</summary>
    [Function("GetModel"), Requires(Role.Reader), Description("Description, signature, versions, aliases, tags.")]
    [Query("limit", "cursor"), Answers(typeof(ModelAnswer))]
    public Task<IActionResult> Get(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/models/{reference}")] HttpRequest request,
        string reference,
        CancellationToken cancellationToken) => DescribeAsync(request, reference, cancellationToken);

    /// <summary>The same, under MLBuffet's second address for it.</summary>
    [Function("GetInformation"), Requires(Role.Reader), Description("Description, signature, versions, aliases, tags, at MLBuffet's address.")]
    [Query("limit", "cursor"), Answers(typeof(ModelAnswer))]
    public Task<IActionResult> GetInformation(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/models/{reference}/information")] HttpRequest request,
        string reference,
        CancellationToken cancellationToken) => DescribeAsync(request, reference, cancellationToken);

    private async Task<IActionResult> DescribeAsync(HttpRequest request, string reference, CancellationToken cancellationToken)
    {
        var parsed = ModelReference.Parse(reference);
        var paging = Paging.Of(request);
        var (model, version) = await ReadAsync(parsed, cancellationToken);
        var versions = await registry.ListVersionsAsync(parsed.Name, paging.Limit, paging.Cursor, cancellationToken);
        var loaded = version is null ? null : sessions.Find(new ResolvedModel(model, version).Servable);
        return Envelope.Ok("Model information provided", ModelAnswers.Information(model, version, loaded, versions)).WithETag(model.ETag);
    }

    private async Task<(Model Model, ModelVersion? Version)> ReadAsync(ModelReference reference, CancellationToken cancellationToken)
    {
        if (reference is { Version: null, Alias: null })
        {
            var model = await registry.GetAsync(reference.Name, cancellationToken);
            // A model whose versions are all deleted still has a description to show and edit.
            if (model.ServedVersion is null)
                return (model, null);
        }
        var resolved = await registry.ResolveAsync(reference, cancellationToken);
        return (resolved.Model, resolved.Version);
    }
}
