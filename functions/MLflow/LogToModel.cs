using System.ComponentModel;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Registry.Access;
using Larder.Tracking.Artifacts;
using Larder.Tracking.LoggedModels;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.MLflow;

/// <summary>Params, tags and files of MLflow's logged models.</summary>
public sealed class LogToModel(LoggedModelStore models, RunFiles files)
{
    private static readonly MLflowBody<SetLoggedModelTagsRequest> Tags = new();
    private static readonly MLflowBody<LogLoggedModelParamsRequest> Params = new();
    private static readonly MLflowQuery<ListLoggedModelArtifactsRequest> Folder = new();
    private static readonly MLflowQuery<GetLoggedModelArtifactRequest> OfFile = new();

    /// <summary>Sets tags of a logged model.</summary>
    [Function("MLflowSetLoggedModelTags"), Requires(Role.Contributor, Scope = ScopeRule.AllModels, IsForRuns = true), Description("MLflow: set tags of a logged model.")]
    [Takes(nameof(Tags)), Answers(typeof(EmptyAnswer))]
    public async Task<IActionResult> SetTags(
        [HttpTrigger(AuthorizationLevel.Anonymous, "patch", Route = MLflowRoutes.Api + "/logged-models/{modelId}/tags")] HttpRequest request, string modelId, CancellationToken cancellationToken)
    {
        var body = await Tags.ReadAsync(request, cancellationToken);
        var key = MLflowValues.KeyOf(request, await models.GetAsync(modelId, cancellationToken));
        await models.SetTagsAsync(key.Id, MLflowValues.TagsOf(body.Tags), cancellationToken);
        return new PlainAnswer(MLflowAnswers.Empty);
    }

    /// <summary>Removes a tag of a logged model.</summary>
    [Function("MLflowDeleteLoggedModelTag"), Requires(Role.Contributor, Scope = ScopeRule.AllModels, IsForRuns = true), Description("MLflow: remove a tag of a logged model.")]
    [Answers(typeof(EmptyAnswer))]
    public async Task<IActionResult> DeleteTag(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = MLflowRoutes.Api + "/logged-models/{modelId}/tags/{tagKey}")] HttpRequest request,
        string modelId,
        string tagKey,
        CancellationToken cancellationToken)
    {
        var key = MLflowValues.KeyOf(request, await models.GetAsync(modelId, cancellationToken));
        // A slash comes as it was sent; no tag has a percent sign.
        await models.DeleteTagAsync(key.Id, tagKey.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase), cancellationToken);
        return new PlainAnswer(MLflowAnswers.Empty);
    }

    /// <summary>Logs params to a logged model, which are never changed.</summary>
    [Function("MLflowLogLoggedModelParams"), Requires(Role.Contributor, Scope = ScopeRule.AllModels, IsForRuns = true), Description("MLflow: log params to a logged model.")]
    [Takes(nameof(Params)), Answers(typeof(EmptyAnswer))]
    public async Task<IActionResult> LogParams(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = MLflowRoutes.Api + "/logged-models/{modelId}/params")] HttpRequest request, string modelId, CancellationToken cancellationToken)
    {
        var body = await Params.ReadAsync(request, cancellationToken);
        var key = MLflowValues.KeyOf(request, await models.GetAsync(modelId, cancellationToken));
        await models.LogParamsAsync(key, MLflowValues.ParamsOf(body.Params), cancellationToken);
        return new PlainAnswer(MLflowAnswers.Empty);
    }

    /// <summary>A page of what is in a folder of a logged model.</summary>
    [Function("MLflowListLoggedModelArtifacts"), Requires(Role.Reader, Scope = ScopeRule.AllModels, IsForRuns = true), Description("MLflow: the files of a logged model.")]
    [Answers(typeof(ArtifactsAnswer))]
    public async Task<IActionResult> ListArtifacts(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = MLflowRoutes.Api + "/logged-models/{modelId}/artifacts/directories")] HttpRequest request,
        string modelId,
        CancellationToken cancellationToken)
    {
        var body = await Folder.ReadAsync(request, cancellationToken);
        var folder = ArtifactPath.Parse(ArtifactLocation.FolderOf(body.ArtifactDirectoryPath));
        var model = await models.GetAsync(modelId, cancellationToken);
        var (found, next) = await files.ListAsync(MLflowValues.KeyOf(request, model).Id, folder, MLflowValues.TokenOf(body.PageToken), cancellationToken);
        return new PlainAnswer(new ArtifactsAnswer { RootUri = model.ArtifactUri, Files = MLflowAnswers.ListOf(found), NextPageToken = next });
    }

    /// <summary>A file of a logged model, or a range of it.</summary>
    [Function("MLflowGetLoggedModelArtifact"), Requires(Role.Reader, Scope = ScopeRule.AllModels, IsForRuns = true), Description("MLflow: download a file of a logged model.")]
    [Answers(IsFile = true)]
    public async Task<IActionResult> GetArtifact(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = MLflowRoutes.Api + "/logged-models/{modelId}/artifacts/files")] HttpRequest request,
        string modelId,
        CancellationToken cancellationToken)
    {
        var path = ArtifactPath.Parse((await OfFile.ReadAsync(request, cancellationToken)).ArtifactFilePath);
        var model = await models.GetAsync(modelId, cancellationToken);
        return await files.SendAsync(request, MLflowValues.KeyOf(request, model).Id, path, cancellationToken);
    }
}
