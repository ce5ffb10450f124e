using System.ComponentModel;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.Models;
using Larder.Functions.OpenApi;
using Larder.Registry.Access;
using Larder.Registry.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.MLflow;

/// <summary>Versions of MLflow's registered models, which are Larder's versions: shown, searched, described, put into stages and deleted.</summary>
public sealed class ManageModelVersions(ModelRegistry registry, ModelSearch search, ModelDeletion deletion, RegistryCalls calls)
{
    private const int DefaultPage = 10_000;
    private const int MaxPage = 200_000;

    private static readonly MLflowBody<ModelVersionRequest> Named = new();
    private static readonly MLflowBody<UpdateModelVersionRequest> Change = new();
    private static readonly MLflowBody<TransitionStageRequest> Transition = new();
    private static readonly MLflowQuery<SearchRegistryRequest> Search = new();

    /// <summary>A version.</summary>
    [Function("MLflowGetModelVersion"), Requires(Role.Reader, Scope = ScopeRule.Function), Description("MLflow: a version of a registered model.")]
    [Answers(typeof(ModelVersionAnswer))]
    public async Task<IActionResult> GetModelVersion(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = MLflowRoutes.Api + "/model-versions/get")] HttpRequest request, CancellationToken cancellationToken)
    {
        var (name, version) = await ReadAsync(request, await Named.ReadAsync(request, cancellationToken), cancellationToken);
        return Answer(await calls.VersionAsync(name, version, cancellationToken));
    }

    /// <summary>Where the files of a version are.</summary>
    [Function("MLflowDownloadUri"), Requires(Role.Reader, Scope = ScopeRule.Function), Description("MLflow: where the files of a version are.")]
    [Answers(typeof(ArtifactUriAnswer))]
    public async Task<IActionResult> DownloadUri(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = MLflowRoutes.Api + "/model-versions/get-download-uri")] HttpRequest request, CancellationToken cancellationToken)
    {
        var (name, version) = await ReadAsync(request, await Named.ReadAsync(request, cancellationToken), cancellationToken);
        var found = await calls.VersionAsync(name, version, cancellationToken);
        return new PlainAnswer(new ArtifactUriAnswer { ArtifactUri = VersionSource.UriOf(found.Version) });
    }

    /// <summary>A page of versions.</summary>
    [Function("MLflowSearchModelVersions"), Requires(Role.Reader, Scope = ScopeRule.Function), Description("MLflow: search versions.")]
    [Answers(typeof(ModelVersionsAnswer))]
    public async Task<IActionResult> SearchModelVersions(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = MLflowRoutes.Api + "/model-versions/search")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await Search.ReadAsync(request, cancellationToken);
        var scope = request.Caller().Scope;
        var page = await search.VersionsAsync(RegistryCalls.SearchOf(body, DefaultPage, MaxPage), model => scope?.Covers(model) != false, cancellationToken);
        return new PlainAnswer(new ModelVersionsAnswer
        {
            ModelVersions = MLflowAnswers.ListOf(page.Items.Select(found => RegistryAnswers.Of(found.Model, found.Version))), NextPageToken = page.Cursor,
        });
    }

    /// <summary>Changes the description of a version.</summary>
    [Function("MLflowUpdateModelVersion"), Requires(Role.Contributor, Scope = ScopeRule.Function), Description("MLflow: describe a version.")]
    [Takes(nameof(Change)), Answers(typeof(ModelVersionAnswer))]
    public async Task<IActionResult> UpdateModelVersion(
        [HttpTrigger(AuthorizationLevel.Anonymous, "patch", Route = MLflowRoutes.Api + "/model-versions/update")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await Change.ReadAsync(request, cancellationToken);
        var (name, version) = await ReadAsync(request, body, cancellationToken);
        var patch = new VersionPatch { Description = body.Description ?? "" };
        return Answer(await calls.AskAsync(name, () => registry.UpdateVersionAsync(name, version, patch, actor: request.Caller().Name, cancellationToken: cancellationToken), version));
    }

    /// <summary>Deletes a version.</summary>
    [Function("MLflowDeleteModelVersion"), Requires(Role.Contributor, Scope = ScopeRule.Function), Description("MLflow: delete a version.")]
    [Takes(nameof(Named)), Answers(typeof(EmptyAnswer))]
    public async Task<IActionResult> DeleteModelVersion(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = MLflowRoutes.Api + "/model-versions/delete")] HttpRequest request, CancellationToken cancellationToken)
    {
        var (name, version) = await ReadAsync(request, await Named.ReadAsync(request, cancellationToken), cancellationToken);
        await calls.AskAsync(name, () => deletion.DeleteVersionAsync(name, version, force: false, purge: false, ifMatch: null, request.Caller().Name, cancellationToken), version);
        return new PlainAnswer(MLflowAnswers.Empty);
    }

    /// <summary>Puts a version into a stage: moves the alias of the stage to it, and takes those of the other stages from it.</summary>
    [Function("MLflowTransitionStage"), Requires(Role.Contributor, Scope = ScopeRule.Function), Description("MLflow: put a version into a stage.")]
    [Takes(nameof(Transition)), Answers(typeof(ModelVersionAnswer))]
    public async Task<IActionResult> TransitionStage(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = MLflowRoutes.Api + "/model-versions/transition-stage")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await Transition.ReadAsync(request, cancellationToken);
        var (name, version) = await ReadAsync(request, body, cancellationToken);
        var stage = Stages.Parse(body.Stage);
        if (body.ArchiveExistingVersions)
            Stages.RequireActive(stage);
        var displaced = body.ArchiveExistingVersions ? Stages.ArchivedAlias : null;
        await calls.AskAsync(
            name, () => registry.SetGroupedAliasAsync(name, Stages.Aliases, Stages.AliasOf(stage), displaced, version, request.Caller().Name, cancellationToken), version);
        return Answer(await calls.VersionAsync(name, version, cancellationToken));
    }

    private static PlainAnswer Answer(ResolvedModel found) => new(new ModelVersionAnswer { ModelVersion = RegistryAnswers.Of(found.Model, found.Version) });

    private async Task<(ModelName Name, int Version)> ReadAsync(HttpRequest request, ModelVersionRequest body, CancellationToken cancellationToken)
    {
        var name = await calls.NameAsync(request, body.Name, cancellationToken);
        return (name, RegistryCalls.VersionOf(name, body.Version));
    }
}
