using System.ComponentModel;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Registry.Access;
using Larder.Registry.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.MLflow;

/// <summary>Tags of MLflow's registered models and their versions. A tag that is not there is removed without a word, as MLflow does.</summary>
public sealed class TagRegistry(ModelRegistry registry, RegistryCalls calls)
{
    private static readonly MLflowBody<SetRegisteredModelTagRequest> ModelTag = new();
    private static readonly MLflowBody<DeleteRegisteredModelTagRequest> ModelTagName = new();
    private static readonly MLflowBody<SetModelVersionTagRequest> VersionTag = new();
    private static readonly MLflowBody<DeleteModelVersionTagRequest> VersionTagName = new();

    /// <summary>Sets a tag of a model.</summary>
    [Function("MLflowSetRegisteredModelTag"), Requires(Role.Contributor, Scope = ScopeRule.Function), Description("MLflow: set a tag of a registered model.")]
    [Takes(nameof(ModelTag)), Answers(typeof(EmptyAnswer))]
    public async Task<IActionResult> SetRegisteredModelTag(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = MLflowRoutes.Api + "/registered-models/set-tag")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await ModelTag.ReadAsync(request, cancellationToken);
        return await TagAsync(request, body.Name, body.Key, body.Value, cancellationToken);
    }

    /// <summary>Removes a tag of a model.</summary>
    [Function("MLflowDeleteRegisteredModelTag"), Requires(Role.Contributor, Scope = ScopeRule.Function), Description("MLflow: remove a tag of a registered model.")]
    [Takes(nameof(ModelTagName)), Answers(typeof(EmptyAnswer))]
    public async Task<IActionResult> DeleteRegisteredModelTag(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = MLflowRoutes.Api + "/registered-models/delete-tag")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await ModelTagName.ReadAsync(request, cancellationToken);
        return await TagAsync(request, body.Name, body.Key, null, cancellationToken);
    }

    /// <summary>Sets a tag of a version.</summary>
    [Function("MLflowSetModelVersionTag"), Requires(Role.Contributor, Scope = ScopeRule.Function), Description("MLflow: set a tag of a version.")]
    [Takes(nameof(VersionTag)), Answers(typeof(EmptyAnswer))]
    public async Task<IActionResult> SetModelVersionTag(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = MLflowRoutes.Api + "/model-versions/set-tag")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await VersionTag.ReadAsync(request, cancellationToken);
        return await TagAsync(request, body, body.Key, body.Value, cancellationToken);
    }

    /// <summary>Removes a tag of a version.</summary>
    [Function("MLflowDeleteModelVersionTag"), Requires(Role.Contributor, Scope = ScopeRule.Function), Description("MLflow: remove a tag of a version.")]
    [Takes(nameof(VersionTagName)), Answers(typeof(EmptyAnswer))]
    public async Task<IActionResult> DeleteModelVersionTag(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = MLflowRoutes.Api + "/model-versions/delete-tag")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await VersionTagName.ReadAsync(request, cancellationToken);
        return await TagAsync(request, body, body.Key, null, cancellationToken);
    }

    private async Task<IActionResult> TagAsync(HttpRequest request, string model, string key, string? value, CancellationToken cancellationToken)
    {
        var name = await calls.NameAsync(request, model, cancellationToken);
        var patch = new ModelPatch { Tags = TagOf(key, value) };
        await calls.AskAsync(name, () => registry.UpdateAsync(name, patch, actor: request.Caller().Name, cancellationToken: cancellationToken));
        return new PlainAnswer(MLflowAnswers.Empty);
    }

    private async Task<IActionResult> TagAsync(HttpRequest request, ModelVersionRequest body, string key, string? value, CancellationToken cancellationToken)
    {
        var name = await calls.NameAsync(request, body.Name, cancellationToken);
        var version = RegistryCalls.VersionOf(name, body.Version);
        var patch = new VersionPatch { Tags = TagOf(key, value) };
        await calls.AskAsync(name, () => registry.UpdateVersionAsync(name, version, patch, actor: request.Caller().Name, cancellationToken: cancellationToken), version);
        return new PlainAnswer(MLflowAnswers.Empty);
    }

    private static Dictionary<string, string?> TagOf(string key, string? value) =>
        key.Length == 0 ? throw MLflowArguments.Missing("key") : new() { [key] = value };
}
