using System.ComponentModel;
using System.Text.Json;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Inference;
using Larder.Inference.Sessions;
using Larder.Registry.Access;
using Larder.Registry.Catalog;
using Larder.Registry.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.OpenInference;

/// <summary>Triton's model repository extension: what can be served, and which models are in this server's memory.</summary>
public sealed class ModelControl(ModelRegistry registry, ModelCatalog catalog, SessionCache sessions)
{
    private static readonly string[] IndexMembers = ["ready"];
    private static readonly string[] ControlMembers = ["parameters"];

    /// <summary>All versions of all models. Each can be served: it is loaded when a request needs it.</summary>
    [Function("RepositoryIndexV2"), Requires(Role.Reader, Scope = ScopeRule.Function), Description("Versions of all models, in Triton's repository extension.")]
    public async Task<IActionResult> Index([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "v2/repository/index")] HttpRequest request, CancellationToken cancellationToken)
    {
        await Json.FindObjectAsync(request, "{\"ready\": true}", IndexMembers, cancellationToken);
        var entries = new List<RepositoryEntry>();
        await foreach (var model in ModelMetadata.InScopeAsync(registry, request, cancellationToken))
        {
            foreach (var version in await ModelMetadata.VersionsAsync(registry, model.Name, cancellationToken))
                entries.Add(new RepositoryEntry { Name = model.Name, Version = version, State = "READY", Reason = "" });
        }

        return new PlainAnswer(entries);
    }

    /// <summary>Loads the version that requests without a version get into this server's memory.</summary>
    [Function("RepositoryLoadV2"), Requires(Role.Contributor), Description("Load a model into memory, in Triton's repository extension.")]
    public async Task<IActionResult> Load(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "v2/repository/models/{model}/load")] HttpRequest request, string model, CancellationToken cancellationToken)
    {
        var body = await Json.FindObjectAsync(request, "{}", ControlMembers, cancellationToken);
        if (body?.TryGetProperty("parameters", out var parameters) == true && parameters.ValueKind == JsonValueKind.Object && parameters.EnumerateObject().Any())
            throw new HttpStatusException(ErrorKind.Unsupported, "Parameters of a load are not supported: upload files with PUT /api/v1/models/{model}, and change settings with POST /api/v1/models/{model}.");
        using var lease = await sessions.LeaseAsync((await catalog.ResolveAsync(model, cancellationToken)).Servable, cancellationToken);
        return new OkResult();
    }

    /// <summary>Removes a model from this server's memory. It is loaded again when a request needs it.</summary>
    [Function("RepositoryUnloadV2"), Requires(Role.Contributor), Description("Remove a model from memory, in Triton's repository extension.")]
    public async Task<IActionResult> Unload(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "v2/repository/models/{model}/unload")] HttpRequest request, string model, CancellationToken cancellationToken)
    {
        await Json.FindObjectAsync(request, "{\"parameters\": {\"unload_dependents\": false}}", ControlMembers, cancellationToken);
        var resolved = await catalog.ResolveAsync(model, cancellationToken);
        sessions.Unload(resolved.Model.Name);
        return new OkResult();
    }
}
