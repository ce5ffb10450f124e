using System.ComponentModel;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Registry.Access;
using Larder.Tracking.Experiments;
using Larder.Tracking.Runs;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.MLflow;

/// <summary>Tags of MLflow's experiments and runs.</summary>
public sealed class TagRuns(ExperimentStore experiments, RunStore runs)
{
    private static readonly MLflowBody<SetExperimentTagRequest> ExperimentTag = new();
    private static readonly MLflowBody<DeleteExperimentTagRequest> ExperimentTagName = new();
    private static readonly MLflowBody<SetTagRequest> Tag = new();
    private static readonly MLflowBody<DeleteTagRequest> TagName = new();

    /// <summary>Sets a tag of an experiment.</summary>
    [Function("MLflowSetExperimentTag"), Requires(Role.Contributor, Scope = ScopeRule.AllModels), Description("MLflow: set a tag of an experiment.")]
    [Takes(nameof(ExperimentTag)), Answers(typeof(EmptyAnswer))]
    public async Task<IActionResult> SetExperimentTag(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = MLflowRoutes.Api + "/experiments/set-experiment-tag")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await ExperimentTag.ReadAsync(request, cancellationToken);
        await experiments.SetTagAsync(body.ExperimentId, body.Key, body.Value, cancellationToken);
        return new PlainAnswer(MLflowAnswers.Empty);
    }

    /// <summary>Removes a tag of an experiment.</summary>
    [Function("MLflowDeleteExperimentTag"), Requires(Role.Contributor, Scope = ScopeRule.AllModels), Description("MLflow: remove a tag of an experiment.")]
    [Takes(nameof(ExperimentTagName)), Answers(typeof(EmptyAnswer))]
    public async Task<IActionResult> DeleteExperimentTag(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = MLflowRoutes.Api + "/experiments/delete-experiment-tag")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await ExperimentTagName.ReadAsync(request, cancellationToken);
        await experiments.DeleteTagAsync(body.ExperimentId, body.Key, cancellationToken);
        return new PlainAnswer(MLflowAnswers.Empty);
    }

    /// <summary>Sets a tag of a run.</summary>
    [Function("MLflowSetTag"), Requires(Role.Contributor, Scope = ScopeRule.AllModels, IsForRuns = true), Description("MLflow: set a tag of a run.")]
    [Takes(nameof(Tag)), Answers(typeof(EmptyAnswer))]
    public async Task<IActionResult> SetTag(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = MLflowRoutes.Api + "/runs/set-tag")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await Tag.ReadAsync(request, cancellationToken);
        await runs.SetTagAsync(MLflowValues.RunOf(request, body), body.Key, body.Value, cancellationToken);
        return new PlainAnswer(MLflowAnswers.Empty);
    }

    /// <summary>Removes a tag of a run.</summary>
    [Function("MLflowDeleteTag"), Requires(Role.Contributor, Scope = ScopeRule.AllModels, IsForRuns = true), Description("MLflow: remove a tag of a run.")]
    [Takes(nameof(TagName)), Answers(typeof(EmptyAnswer))]
    public async Task<IActionResult> DeleteTag(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = MLflowRoutes.Api + "/runs/delete-tag")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await TagName.ReadAsync(request, cancellationToken);
        await runs.DeleteTagAsync(request.RequireRun(body.RunId), body.Key, cancellationToken);
        return new PlainAnswer(MLflowAnswers.Empty);
    }
}
