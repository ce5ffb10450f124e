using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Nodes;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Tracking;
using Larder.Tracking.LoggedModels;
using Larder.Tracking.Runs;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.MLflow;

/// <summary>What MLflow's clients log to a run: metrics, params, batches, models, inputs and outputs.</summary>
public sealed class LogToRun(RunStore runs, LoggedModelStore loggedModels)
{
    private static readonly MLflowBody<LogMetricRequest> Metric = new();
    private static readonly MLflowBody<LogParamRequest> Param = new();
    private static readonly MLflowBody<LogBatchRequest> Batch = new() { RequireBytes = TrackingRules.RequireBatchBytes };
    private static readonly MLflowBody<LogModelRequest> Model = new();
    private static readonly MLflowBody<LogInputsRequest> Inputs = new();
    private static readonly MLflowBody<LogOutputsRequest> Outputs = new();

    /// <summary>Logs a value of a metric.</summary>
    [Function("MLflowLogMetric"), Requires(Role.Contributor, Scope = ScopeRule.AllModels, IsForRuns = true), Description("MLflow: log a value of a metric.")]
    [Takes(nameof(Metric)), Answers(typeof(EmptyAnswer))]
    public async Task<IActionResult> LogMetric(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = MLflowRoutes.Api + "/runs/log-metric")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await Metric.ReadAsync(request, cancellationToken);
        var metric = MLflowValues.MetricOf(body.Key, body.Value, body.Timestamp, body.Step, body.ModelId, body.DatasetName, body.DatasetDigest);
        var run = MLflowValues.RunOf(request, body);
        await runs.LogMetricAsync(run, metric, cancellationToken);
        await loggedModels.LogMetricsAsync(run, [metric], cancellationToken);
        return new PlainAnswer(MLflowAnswers.Empty);
    }

    /// <summary>Logs a param, which is never changed.</summary>
    [Function("MLflowLogParam"), Requires(Role.Contributor, Scope = ScopeRule.AllModels, IsForRuns = true), Description("MLflow: log a param.")]
    [Takes(nameof(Param)), Answers(typeof(EmptyAnswer))]
    public async Task<IActionResult> LogParam(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = MLflowRoutes.Api + "/runs/log-parameter")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await Param.ReadAsync(request, cancellationToken);
        await runs.LogParamAsync(MLflowValues.RunOf(request, body), body.Key, body.Value ?? "", cancellationToken);
        return new PlainAnswer(MLflowAnswers.Empty);
    }

    /// <summary>Logs metrics, params and tags, all of them or none.</summary>
    [Function("MLflowLogBatch"), Requires(Role.Contributor, Scope = ScopeRule.AllModels, IsForRuns = true), Description("MLflow: log metrics, params and tags together.")]
    [Takes(nameof(Batch)), Answers(typeof(EmptyAnswer))]
    public async Task<IActionResult> LogBatch(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = MLflowRoutes.Api + "/runs/log-batch")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await Batch.ReadAsync(request, cancellationToken);
        var batch = new LogBatch(
            [.. (body.Metrics ?? []).Select(metric => MLflowValues.MetricOf(metric.Key, metric.Value, metric.Timestamp, metric.Step, metric.ModelId, metric.DatasetName, metric.DatasetDigest))],
            MLflowValues.ParamsOf(body.Params),
            [.. (body.Tags ?? []).Select(tag => KeyValuePair.Create(tag.Key, tag.Value ?? ""))]);
        var run = MLflowValues.RunOf(request, body);
        await runs.LogAsync(run, batch, cancellationToken);
        await loggedModels.LogMetricsAsync(run, batch.Metrics, cancellationToken);
        return new PlainAnswer(MLflowAnswers.Empty);
    }

    /// <summary>Notes a model that a run logged.</summary>
    [Function("MLflowLogModel"), Requires(Role.Contributor, Scope = ScopeRule.AllModels, IsForRuns = true), Description("MLflow: note a logged model.")]
    [Takes(nameof(Model)), Answers(typeof(EmptyAnswer))]
    public async Task<IActionResult> LogModel(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = MLflowRoutes.Api + "/runs/log-model")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await Model.ReadAsync(request, cancellationToken);
        await runs.LogModelAsync(MLflowValues.RunOf(request, body), ModelOf(body.ModelJson), cancellationToken);
        return new PlainAnswer(MLflowAnswers.Empty);
    }

    /// <summary>Notes what a run read.</summary>
    [Function("MLflowLogInputs"), Requires(Role.Contributor, Scope = ScopeRule.AllModels, IsForRuns = true), Description("MLflow: note what a run read.")]
    [Takes(nameof(Inputs)), Answers(typeof(EmptyAnswer))]
    public async Task<IActionResult> LogInputs(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = MLflowRoutes.Api + "/runs/log-inputs")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await Inputs.ReadAsync(request, cancellationToken);
        var (datasets, models) = (body.Datasets ?? [], body.Models ?? []);
        if (datasets.Count + models.Count > TrackingRules.Inputs)
            throw new InvalidRequestException($"A request can have at most {TrackingRules.Inputs} datasets and models; got {datasets.Count + models.Count}.");
        await runs.LogInputsAsync(
            MLflowValues.RunOf(request, body),
            [.. datasets.Select(input => new DatasetInput(
                input.Dataset.Name, input.Dataset.Digest, input.Dataset.SourceType, input.Dataset.Source, input.Dataset.Schema, input.Dataset.Profile, MLflowValues.TagsOf(input.Tags)))],
            [.. models.Select(model => model.ModelId)],
            cancellationToken);
        return new PlainAnswer(MLflowAnswers.Empty);
    }

    /// <summary>Notes logged models that a run made.</summary>
    [Function("MLflowLogOutputs"), Requires(Role.Contributor, Scope = ScopeRule.AllModels, IsForRuns = true), Description("MLflow: note what a run made.")]
    [Takes(nameof(Outputs)), Answers(typeof(EmptyAnswer))]
    public async Task<IActionResult> LogOutputs(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = MLflowRoutes.Api + "/runs/outputs")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await Outputs.ReadAsync(request, cancellationToken);
        var models = body.Models ?? [];
        if (models.Count > TrackingRules.Inputs)
            throw new InvalidRequestException($"A request can have at most {TrackingRules.Inputs} models; got {models.Count}.");
        await runs.LogOutputsAsync(request.RequireRun(body.RunId), [.. models.Select(model => new ModelOutput(model.ModelId, model.Step ?? 0))], cancellationToken);
        return new PlainAnswer(MLflowAnswers.Empty);
    }

    private static JsonObject ModelOf(string json)
    {
        try
        {
            if (JsonNode.Parse(json) is JsonObject model)
                return model;
        }
        catch (JsonException)
        {
            // It is refused below.
        }
        throw new InvalidRequestException($"Malformed model info. \n {RequestText.Shown(json)} \n is not valid JSON.");
    }
}
