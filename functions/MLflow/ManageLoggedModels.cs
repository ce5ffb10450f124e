using System.ComponentModel;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Text;
using Larder.Tracking;
using Larder.Tracking.LoggedModels;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.MLflow;

/// <summary>MLflow's logged models: created, shown, searched, ended and deleted. Their files go through the artifact proxy.</summary>
public sealed class ManageLoggedModels(LoggedModelStore models)
{
    private const int DefaultPage = 50;

    private static readonly MLflowBody<CreateLoggedModelRequest> New = new();
    private static readonly MLflowBody<FinalizeLoggedModelRequest> End = new();
    private static readonly MLflowBody<SearchLoggedModelsRequest> Search = new();

    /// <summary>Creates a logged model.</summary>
    [Function("MLflowCreateLoggedModel"), Requires(Role.Contributor, Scope = ScopeRule.AllModels, IsForRuns = true), Description("MLflow: create a logged model.")]
    [Takes(nameof(New)), Answers(typeof(LoggedModelAnswer))]
    public async Task<IActionResult> CreateLoggedModel(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = MLflowRoutes.Api + "/logged-models")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await New.ReadAsync(request, cancellationToken);
        // The token of a job is good for models of the job's own run.
        var run = request.RequireRun(body.SourceRunId ?? "");
        var made = await models.CreateAsync(
            new NewLoggedModel(body.ExperimentId, body.Name, body.ModelType, body.SourceRunId, MLflowValues.ParamsOf(body.Params), MLflowValues.TagsOf(body.Tags)), run.ByJob, cancellationToken);
        return Answer(made);
    }

    /// <summary>A logged model.</summary>
    [Function("MLflowGetLoggedModel"), Requires(Role.Reader, Scope = ScopeRule.AllModels, IsForRuns = true), Description("MLflow: a logged model.")]
    [Answers(typeof(LoggedModelAnswer))]
    public async Task<IActionResult> GetLoggedModel(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = MLflowRoutes.Api + "/logged-models/{modelId}")] HttpRequest request, string modelId, CancellationToken cancellationToken)
    {
        var model = await models.GetAsync(modelId, cancellationToken);
        MLflowValues.KeyOf(request, model);
        return Answer(model);
    }

    /// <summary>Ends the logging of a model's files.</summary>
    [Function("MLflowFinalizeLoggedModel"), Requires(Role.Contributor, Scope = ScopeRule.AllModels, IsForRuns = true), Description("MLflow: end the logging of a model.")]
    [Takes(nameof(End)), Answers(typeof(LoggedModelAnswer))]
    public async Task<IActionResult> FinalizeLoggedModel(
        [HttpTrigger(AuthorizationLevel.Anonymous, "patch", Route = MLflowRoutes.Api + "/logged-models/{modelId}")] HttpRequest request, string modelId, CancellationToken cancellationToken)
    {
        var body = await End.ReadAsync(request, cancellationToken);
        var status = LoggedModelAnswers.Ends.FirstOrDefault(end => end.Value == body.Status).Key;
        if (status == default)
            throw new InvalidRequestException($"Invalid value {Quoted.Text(body.Status)} for parameter 'status' supplied: it must be {string.Join(" or ", LoggedModelAnswers.Ends.Values)}.");
        var model = await models.GetAsync(modelId, cancellationToken);
        return Answer(await models.FinalizeAsync(MLflowValues.KeyOf(request, model), status, cancellationToken));
    }

    /// <summary>Deletes a logged model.</summary>
    [Function("MLflowDeleteLoggedModel"), Requires(Role.Contributor, Scope = ScopeRule.AllModels), Description("MLflow: delete a logged model.")]
    [Answers(typeof(EmptyAnswer))]
    public async Task<IActionResult> DeleteLoggedModel(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = MLflowRoutes.Api + "/logged-models/{modelId}")] HttpRequest request, string modelId, CancellationToken cancellationToken)
    {
        await models.DeleteAsync(modelId, cancellationToken);
        return new PlainAnswer(MLflowAnswers.Empty);
    }

    /// <summary>A page of logged models.</summary>
    [Function("MLflowSearchLoggedModels"), Requires(Role.Reader, Scope = ScopeRule.AllModels), Description("MLflow: search logged models.")]
    [Takes(nameof(Search)), Answers(typeof(LoggedModelsAnswer))]
    public async Task<IActionResult> SearchLoggedModels(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = MLflowRoutes.Api + "/logged-models/search")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await Search.ReadAsync(request, cancellationToken);
        var page = await models.SearchAsync(
            new LoggedModelSearch(
                body.ExperimentIds ?? [],
                body.Filter,
                [.. (body.Datasets ?? []).Select(dataset => new LoggedModelDataset(dataset.DatasetName, dataset.DatasetDigest))],
                [.. (body.OrderBy ?? []).Select(LoggedModelAnswers.OrderOf)],
                MLflowValues.LimitOf(body.MaxResults, DefaultPage, TrackingRules.PageItems),
                MLflowValues.TokenOf(body.PageToken)),
            cancellationToken);
        return new PlainAnswer(new LoggedModelsAnswer { Models = MLflowAnswers.ListOf(page.Items.Select(LoggedModelAnswers.Of)), NextPageToken = page.Cursor });
    }

    private static PlainAnswer Answer(LoggedModel model) => new(new LoggedModelAnswer { Model = LoggedModelAnswers.Of(model) });
}
