using System.ComponentModel;
using System.Text.Json;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Registry.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.OpenInference;

/// <summary>Triton's model repository extension: what can be served, and which models are in this server's memory.</summary>
public sealed class ModelControl(OpenModels models)
{
    private static readonly JsonBody<RepositoryIndexRequest> IndexBody = new("{\"ready\": true}") { IsRequired = false };
    private static readonly JsonBody<RepositoryRequest> LoadBody = new("{}") { IsRequired = false };
    private static readonly JsonBody<RepositoryRequest> UnloadBody = new("{\"parameters\": {\"unload_dependents\": false}}") { IsRequired = false };

    /// <summary>All versions of all models. Each can be served: it is loaded when a request needs it.</summary>
    [Function("RepositoryIndexV2"), Requires(Role.Reader, Scope = ScopeRule.Function), Description("Versions of all models, in Triton's repository extension.")]
    [Takes(nameof(IndexBody)), Answers(typeof(IReadOnlyList<RepositoryEntry>))]
    public async Task<IActionResult> Index([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "v2/repository/index")] HttpRequest request, CancellationToken cancellationToken)
    {
        await IndexBody.FindObjectAsync(request, cancellationToken);
        return new PlainAnswer(await models.IndexAsync(request.Caller(), cancellationToken));
    }

    /// <summary>Loads the version that requests without a version get into this server's memory.</summary>
    [Function("RepositoryLoadV2"), Requires(Role.Contributor), Description("Load a model into memory, in Triton's repository extension.")]
    [Takes(nameof(LoadBody)), Answers]
    public async Task<IActionResult> Load(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "v2/repository/models/{model}/load")] HttpRequest request, string model, CancellationToken cancellationToken)
    {
        var body = await LoadBody.FindObjectAsync(request, cancellationToken);
        if (body?.TryGetProperty("parameters", out var parameters) == true && parameters.ValueKind == JsonValueKind.Object && parameters.EnumerateObject().Any())
            throw OpenModels.NoLoadParameters();
        await models.LoadAsync(model, cancellationToken);
        return new OkResult();
    }

    /// <summary>Removes a model from this server's memory. It is loaded again when a request needs it.</summary>
    [Function("RepositoryUnloadV2"), Requires(Role.Contributor), Description("Remove a model from memory, in Triton's repository extension.")]
    [Takes(nameof(UnloadBody)), Answers]
    public async Task<IActionResult> Unload(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "v2/repository/models/{model}/unload")] HttpRequest request, string model, CancellationToken cancellationToken)
    {
        await UnloadBody.FindObjectAsync(request, cancellationToken);
        await models.UnloadAsync(model, cancellationToken);
        return new OkResult();
    }
}
