using System.ComponentModel;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Tracking;
using Larder.Tracking.Experiments;
using Larder.Tracking.Runs;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.MLflow;

/// <summary>MLflow's experiments: created, shown, searched, renamed, deleted and restored.</summary>
public sealed class ManageExperiments(ExperimentStore experiments, TrackingGarbageCollector collector, RunStore runs)
{
    private const int DefaultPage = 1000;
    private const int MaxDatasetExperiments = 20;

    private static readonly MLflowBody<CreateExperimentRequest> NewExperiment = new();
    private static readonly MLflowBody<SearchExperimentsRequest> Search = new();
    private static readonly MLflowBody<ExperimentRequest> Named = new();
    private static readonly MLflowQuery<ExperimentNameRequest> ByName = new();
    private static readonly MLflowBody<UpdateExperimentRequest> Change = new();
    private static readonly MLflowBody<SearchDatasetsRequest> Datasets = new();

    /// <summary>Creates an experiment.</summary>
    [Function("MLflowCreateExperiment"), Requires(Role.Contributor, Scope = ScopeRule.AllModels), Description("MLflow: create an experiment.")]
    [Takes(nameof(NewExperiment)), Answers(typeof(ExperimentIdAnswer))]
    public async Task<IActionResult> CreateExperiment(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = MLflowRoutes.Api + "/experiments/create")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await NewExperiment.ReadAsync(request, cancellationToken);
        var made = await experiments.CreateAsync(body.Name, body.ArtifactLocation, MLflowValues.TagsOf(body.Tags), cancellationToken);
        return new PlainAnswer(new ExperimentIdAnswer { ExperimentId = made.Id });
    }

    /// <summary>A page of experiments.</summary>
    [Function("MLflowSearchExperiments"), Requires(Role.Reader, Scope = ScopeRule.AllModels), Description("MLflow: search experiments.")]
    [Takes(nameof(Search)), Answers(typeof(ExperimentsAnswer))]
    public async Task<IActionResult> SearchExperiments(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", "post", Route = MLflowRoutes.Api + "/experiments/search")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await Search.ReadAsync(request, cancellationToken);
        var limit = MLflowValues.LimitOf(body.MaxResults, DefaultPage, TrackingRules.PageItems);
        var view = MLflowValues.ViewOf(body.ViewType, "view_type");
        var page = await experiments.SearchAsync(body.Filter, body.OrderBy ?? [], view, limit, MLflowValues.TokenOf(body.PageToken), cancellationToken);
        return new PlainAnswer(new ExperimentsAnswer { Experiments = MLflowAnswers.ListOf(page.Items.Select(MLflowAnswers.Of)), NextPageToken = page.Cursor });
    }

    /// <summary>An experiment, deleted or not.</summary>
    [Function("MLflowGetExperiment"), Requires(Role.Reader, Scope = ScopeRule.AllModels, IsForRuns = true), Description("MLflow: an experiment by its id.")]
    [Answers(typeof(ExperimentAnswer))]
    public async Task<IActionResult> GetExperiment(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = MLflowRoutes.Api + "/experiments/get")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await Named.ReadAsync(request, cancellationToken);
        var found = await OfJobAsync(request, own => own.Id == body.ExperimentId, cancellationToken) ?? await experiments.GetAsync(body.ExperimentId, cancellationToken);
        return new PlainAnswer(new ExperimentAnswer { Experiment = MLflowAnswers.Of(found) });
    }

    /// <summary>An experiment, deleted or not, by its name.</summary>
    [Function("MLflowGetExperimentByName"), Requires(Role.Reader, Scope = ScopeRule.AllModels, IsForRuns = true), Description("MLflow: an experiment by its name.")]
    [Answers(typeof(ExperimentAnswer))]
    public async Task<IActionResult> GetExperimentByName(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = MLflowRoutes.Api + "/experiments/get-by-name")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await ByName.ReadAsync(request, cancellationToken);
        var found = await OfJobAsync(request, own => own.Name == body.ExperimentName, cancellationToken) ?? await experiments.GetByNameAsync(body.ExperimentName, cancellationToken);
        return new PlainAnswer(new ExperimentAnswer { Experiment = MLflowAnswers.Of(found) });
    }

    /// <summary>Gives an experiment another name.</summary>
    [Function("MLflowUpdateExperiment"), Requires(Role.Contributor, Scope = ScopeRule.AllModels), Description("MLflow: rename an experiment.")]
    [Takes(nameof(Change)), Answers(typeof(EmptyAnswer))]
    public async Task<IActionResult> UpdateExperiment(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = MLflowRoutes.Api + "/experiments/update")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await Change.ReadAsync(request, cancellationToken);
        if (!string.IsNullOrEmpty(body.NewName))
            await experiments.RenameAsync(body.ExperimentId, body.NewName, cancellationToken);
        else
            await experiments.GetAsync(body.ExperimentId, cancellationToken);
        return new PlainAnswer(MLflowAnswers.Empty);
    }

    /// <summary>Deletes an experiment, so that it can be restored.</summary>
    [Function("MLflowDeleteExperiment"), Requires(Role.Contributor, Scope = ScopeRule.AllModels), Description("MLflow: delete an experiment.")]
    [Takes(nameof(Named)), Answers(typeof(EmptyAnswer))]
    public async Task<IActionResult> DeleteExperiment(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = MLflowRoutes.Api + "/experiments/delete")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await Named.ReadAsync(request, cancellationToken);
        await experiments.DeleteAsync(body.ExperimentId, cancellationToken);
        return new PlainAnswer(MLflowAnswers.Empty);
    }

    /// <summary>Restores a deleted experiment.</summary>
    [Function("MLflowRestoreExperiment"), Requires(Role.Contributor, Scope = ScopeRule.AllModels), Description("MLflow: restore an experiment.")]
    [Takes(nameof(Named)), Answers(typeof(EmptyAnswer))]
    public async Task<IActionResult> RestoreExperiment(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = MLflowRoutes.Api + "/experiments/restore")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await Named.ReadAsync(request, cancellationToken);
        await experiments.RestoreAsync(body.ExperimentId, cancellationToken);
        return new PlainAnswer(MLflowAnswers.Empty);
    }

    /// <summary>Deletes a deleted experiment for good, with its runs. It is Larder's own: MLflow has a command for it.</summary>
    [Function("MLflowPurgeExperiment"), Requires(Role.Admin, Scope = ScopeRule.AllModels), Description("Delete a deleted MLflow experiment for good.")]
    [Takes(nameof(Named)), Answers(typeof(EmptyAnswer))]
    public async Task<IActionResult> PurgeExperiment(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = MLflowRoutes.Api + "/experiments/purge")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await Named.ReadAsync(request, cancellationToken);
        await collector.PurgeExperimentAsync(body.ExperimentId, cancellationToken);
        return new PlainAnswer(MLflowAnswers.Empty);
    }

    /// <summary>The data sets that runs of experiments read.</summary>
    [Function("MLflowSearchDatasets"), Requires(Role.Reader, Scope = ScopeRule.AllModels), Description("MLflow: the data sets of experiments.")]
    [Takes(nameof(Datasets)), Answers(typeof(DatasetSummariesAnswer))]
    public async Task<IActionResult> SearchDatasets(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = MLflowRoutes.Api + "/experiments/search-datasets")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await Datasets.ReadAsync(request, cancellationToken);
        var ids = body.ExperimentIds ?? [];
        if (ids.Count > MaxDatasetExperiments)
            throw new InvalidRequestException($"experiment_ids can have at most {MaxDatasetExperiments} ids; got {ids.Count}.");
        var found = await runs.DatasetsAsync(ids, cancellationToken);
        return new PlainAnswer(new DatasetSummariesAnswer
        {
            DatasetSummaries = MLflowAnswers.ListOf(found.Select(one => new MLflowDatasetSummary { ExperimentId = one.ExperimentId, Name = one.Name, Digest = one.Digest, Context = one.Context })),
        });
    }

    // For the token of a job, the experiment of the job's run, if that is asked for; for other callers null.
    private async Task<Experiment?> OfJobAsync(HttpRequest request, Func<Experiment, bool> isAskedFor, CancellationToken cancellationToken)
    {
        if (request.Caller().Run is not { } run)
            return null;
        var own = await experiments.GetAsync((await runs.GetAsync(run, cancellationToken)).ExperimentId, cancellationToken);
        return isAskedFor(own) ? own : throw new ForbiddenException("The token of a job is good for the experiment of the job's run, and for no other.");
    }
}
