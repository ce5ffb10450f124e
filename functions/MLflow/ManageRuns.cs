using System.ComponentModel;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Orchestrations.Training.Runs;
using Larder.Registry.Access;
using Larder.Tracking;
using Larder.Tracking.Experiments;
using Larder.Tracking.Runs;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.MLflow;

/// <summary>MLflow's runs: created, shown, searched, ended, deleted and restored.</summary>
public sealed class ManageRuns(RunStore runs, LiveMetrics live)
{
    private const int DefaultPage = 1000;

    private static readonly MLflowBody<CreateRunRequest> Create = new();
    private static readonly MLflowBody<UpdateRunRequest> Change = new();
    private static readonly MLflowBody<RunRequest> Named = new();
    private static readonly MLflowBody<SearchRunsRequest> Search = new();

    /// <summary>Creates a run.</summary>
    [Function("MLflowCreateRun"), Requires(Role.Contributor, Scope = ScopeRule.AllModels), Description("MLflow: create a run.")]
    [Takes(nameof(Create)), Answers(typeof(RunAnswer))]
    public async Task<IActionResult> CreateRun(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = MLflowRoutes.Api + "/runs/create")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await Create.ReadAsync(request, cancellationToken);
        var experiment = string.IsNullOrEmpty(body.ExperimentId) ? ExperimentStore.DefaultId : body.ExperimentId;
        var made = await runs.CreateAsync(new NewRun(experiment, body.RunName, body.UserId ?? "", body.StartTime, MLflowValues.TagsOf(body.Tags)), cancellationToken);
        return new PlainAnswer(new RunAnswer { Run = MLflowAnswers.Of(made) });
    }

    /// <summary>Changes state, end or name of a run; one that ended may run again. State and end of a job's run follow the job, whatever its script says.</summary>
    [Function("MLflowUpdateRun"), Requires(Role.Contributor, Scope = ScopeRule.AllModels, IsForRuns = true), Description("MLflow: change or end a run.")]
    [Takes(nameof(Change)), Answers(typeof(RunInfoAnswer))]
    public async Task<IActionResult> UpdateRun(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = MLflowRoutes.Api + "/runs/update")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await Change.ReadAsync(request, cancellationToken);
        var (key, status, end) = (MLflowValues.RunOf(request, body), MLflowValues.StatusOf(body.Status), body.EndTime);
        // A script that leaves `with mlflow.start_run()` says that the run has ended. It ends with its job, which has metrics to log until then.
        if (key.ByJob)
            (status, end) = (null, null);
        var run = await runs.UpdateAsync(key, status, end, body.RunName, cancellationToken);
        return new PlainAnswer(new RunInfoAnswer { RunInfo = MLflowAnswers.InfoOf(run) });
    }

    /// <summary>A run, deleted or not.</summary>
    [Function("MLflowGetRun"), Requires(Role.Reader, Scope = ScopeRule.AllModels, IsForRuns = true), Description("MLflow: a run.")]
    [Answers(typeof(RunAnswer))]
    public async Task<IActionResult> GetRun(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = MLflowRoutes.Api + "/runs/get")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await Named.ReadAsync(request, cancellationToken);
        var run = await runs.GetAsync(MLflowValues.RunOf(request, body).Id, cancellationToken);
        if (await live.CatchUpAsync([run], cancellationToken))
            run = await runs.GetAsync(run.Id, cancellationToken);
        return new PlainAnswer(new RunAnswer { Run = MLflowAnswers.Of(run) });
    }

    /// <summary>Deletes a run, so that it can be restored.</summary>
    [Function("MLflowDeleteRun"), Requires(Role.Contributor, Scope = ScopeRule.AllModels), Description("MLflow: delete a run.")]
    [Takes(nameof(Named)), Answers(typeof(EmptyAnswer))]
    public async Task<IActionResult> DeleteRun(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = MLflowRoutes.Api + "/runs/delete")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await Named.ReadAsync(request, cancellationToken);
        await runs.DeleteAsync(MLflowValues.RunOf(request, body), cancellationToken);
        return new PlainAnswer(MLflowAnswers.Empty);
    }

    /// <summary>Restores a deleted run.</summary>
    [Function("MLflowRestoreRun"), Requires(Role.Contributor, Scope = ScopeRule.AllModels), Description("MLflow: restore a run.")]
    [Takes(nameof(Named)), Answers(typeof(EmptyAnswer))]
    public async Task<IActionResult> RestoreRun(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = MLflowRoutes.Api + "/runs/restore")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await Named.ReadAsync(request, cancellationToken);
        await runs.RestoreAsync(MLflowValues.RunOf(request, body).Id, cancellationToken);
        return new PlainAnswer(MLflowAnswers.Empty);
    }

    /// <summary>Deletes a deleted run for good. It is Larder's own: MLflow has a command for it.</summary>
    [Function("MLflowPurgeRun"), Requires(Role.Admin, Scope = ScopeRule.AllModels), Description("Delete a deleted MLflow run for good.")]
    [Takes(nameof(Named)), Answers(typeof(EmptyAnswer))]
    public async Task<IActionResult> PurgeRun(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = MLflowRoutes.Api + "/runs/purge")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await Named.ReadAsync(request, cancellationToken);
        await runs.PurgeAsync(MLflowValues.RunOf(request, body).Id, cancellationToken);
        return new PlainAnswer(MLflowAnswers.Empty);
    }

    /// <summary>A page of runs.</summary>
    [Function("MLflowSearchRuns"), Requires(Role.Reader, Scope = ScopeRule.AllModels), Description("MLflow: search runs.")]
    [Takes(nameof(Search)), Answers(typeof(RunsAnswer))]
    public async Task<IActionResult> SearchRuns(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = MLflowRoutes.Api + "/runs/search")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await Search.ReadAsync(request, cancellationToken);
        await live.CatchUpAsync(await runs.OfRunningJobsAsync(body.ExperimentIds ?? [], cancellationToken), cancellationToken);
        var page = await runs.SearchAsync(
            new RunSearch(
                body.ExperimentIds ?? [],
                body.Filter,
                body.OrderBy ?? [],
                MLflowValues.ViewOf(body.RunViewType, "run_view_type"),
                MLflowValues.LimitOf(body.MaxResults, DefaultPage, TrackingRules.PageItems),
                MLflowValues.TokenOf(body.PageToken)),
            cancellationToken);
        return new PlainAnswer(new RunsAnswer { Runs = MLflowAnswers.ListOf(page.Items.Select(MLflowAnswers.Of)), NextPageToken = page.Cursor });
    }
}
