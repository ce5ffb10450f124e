using System.ComponentModel;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Orchestrations.Training.Runs;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Tracking;
using Larder.Tracking.Runs;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.MLflow;

/// <summary>The history of MLflow's metrics.</summary>
public sealed class MetricHistories(RunStore runs, LiveMetrics live)
{
    private static readonly MLflowQuery<MetricHistoryRequest> OfRun = new();
    private static readonly MLflowQuery<BulkHistoryRequest> OfRuns = new();
    private static readonly MLflowQuery<SampledHistoryRequest> Sampled = new();

    /// <summary>A page of a metric's values, by step, time and value.</summary>
    [Function("MLflowMetricHistory"), Requires(Role.Reader, Scope = ScopeRule.AllModels, IsForRuns = true), Description("MLflow: the values of a metric.")]
    [Answers(typeof(MetricsAnswer))]
    public async Task<IActionResult> MetricHistory(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = MLflowRoutes.Api + "/metrics/get-history")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await OfRun.ReadAsync(request, cancellationToken);
        var limit = MLflowValues.LimitOf(body.MaxResults, TrackingRules.HistoryPoints, TrackingRules.HistoryPoints);
        var run = await runs.GetAsync(MLflowValues.RunOf(request, body).Id, cancellationToken);
        await live.CatchUpAsync([run], cancellationToken);
        var page = await runs.HistoryAsync(run.Id, body.MetricKey, limit, MLflowValues.TokenOf(body.PageToken), cancellationToken);
        return new PlainAnswer(new MetricsAnswer { Metrics = MLflowAnswers.ListOf(page.Items.Select(point => MLflowAnswers.Of(body.MetricKey, point))), NextPageToken = page.Cursor });
    }

    /// <summary>The values of a metric in several runs.</summary>
    [Function("MLflowBulkHistory"), Requires(Role.Reader, Scope = ScopeRule.AllModels), Description("MLflow: the values of a metric in several runs.")]
    [Answers(typeof(MetricsAnswer))]
    public async Task<IActionResult> BulkHistory(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = MLflowRoutes.Api + "/metrics/get-history-bulk")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await OfRuns.ReadAsync(request, cancellationToken);
        if (body.RunId.Count > TrackingRules.HistoryRuns)
            throw new InvalidRequestException($"GetMetricHistoryBulk request cannot specify more than {TrackingRules.HistoryRuns} run_ids. Received {body.RunId.Count} run_ids.");
        var limit = MLflowValues.LimitOf(body.MaxResults, TrackingRules.HistoryPoints, TrackingRules.HistoryPoints);
        await CatchUpAsync(body.RunId, cancellationToken);
        var points = await runs.HistoryAsync(body.RunId, body.MetricKey, limit, cancellationToken);
        return new PlainAnswer(new MetricsAnswer { Metrics = MLflowAnswers.ListOf(points.Select(point => MLflowAnswers.Of(body.MetricKey, point.Point, point.RunId))) });
    }

    /// <summary>The values of a metric in several runs at so many steps that a chart needs, as MLflow's pages ask for them.</summary>
    [Function("MLflowSampledHistory"), Requires(Role.Reader, Scope = ScopeRule.AllModels), Description("MLflow: the values of a metric in several runs, for a chart.")]
    [Answers(typeof(MetricsAnswer))]
    public async Task<IActionResult> SampledHistory(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = MLflowRoutes.Api + "/metrics/get-history-bulk-interval")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await Sampled.ReadAsync(request, cancellationToken);
        if (body.RunIds.Count > TrackingRules.HistoryRuns)
            throw new InvalidRequestException($"GetMetricHistoryBulkInterval request must specify at most {TrackingRules.HistoryRuns} run_ids. Received {body.RunIds.Count} run_ids.");
        if (body.MaxResults is < 1 or > TrackingRules.SampledSteps)
            throw new InvalidRequestException($"max_results must be between 1 and {TrackingRules.SampledSteps}.");
        (long, long)? range = (body.StartStep, body.EndStep) switch
        {
            (null, null) => null,
            ({ } start, { } end) => start <= end ? (start, end) : throw new InvalidRequestException($"end_step must be greater than start_step. Found start_step={start} and end_step={end}."),
            _ => throw new InvalidRequestException("If either start step or end step are specified, both must be specified."),
        };
        await CatchUpAsync(body.RunIds, cancellationToken);
        var points = await runs.SampleAsync(body.RunIds, body.MetricKey, range, (int)(body.MaxResults ?? TrackingRules.SampledSteps), cancellationToken);
        return new PlainAnswer(new MetricsAnswer { Metrics = MLflowAnswers.ListOf(points.Select(point => MLflowAnswers.Of(body.MetricKey, point.Point, point.RunId))) });
    }

    private async Task CatchUpAsync(IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        var of = new List<Run>();
        foreach (var id in ids.Distinct())
            of.Add(await runs.GetAsync(id, cancellationToken));
        await live.CatchUpAsync(of, cancellationToken);
    }
}
