using System.Globalization;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Registry.Errors;
using Larder.Tracking;
using Larder.Tracking.LoggedModels;
using Larder.Tracking.Metrics;
using Larder.Tracking.Runs;
using Microsoft.AspNetCore.Http;

namespace Larder.Functions.MLflow;

/// <summary>What several calls say in the same way.</summary>
internal static class MLflowValues
{
    /// <summary>The run, under either of its names.</summary>
    /// <param name="request">Who asks.</param>
    /// <param name="body">What has the name.</param>
    /// <exception cref="InvalidRequestException">Neither is given.</exception>
    /// <exception cref="ForbiddenException">The caller has the token of a job, and it is another run.</exception>
    public static RunKey RunOf(HttpRequest request, RunRequest body) =>
        request.RequireRun(new[] { body.RunId, body.RunUuid }.FirstOrDefault(id => !string.IsNullOrEmpty(id)) ?? throw MLflowArguments.Missing("run_id"));

    /// <summary>A logged model, if the caller may have to do with it.</summary>
    /// <exception cref="ForbiddenException">The caller has the token of a job, and the model is not of the job's run.</exception>
    public static RunKey KeyOf(HttpRequest request, LoggedModel model) => request.RequireRun(model.SourceRunId ?? "") with { Id = model.Id };

    /// <summary>The most items of a page.</summary>
    /// <exception cref="InvalidRequestException">It is out of range.</exception>
    public static int LimitOf(long? maxResults, int absent, int most) => maxResults switch
    {
        null => absent,
        >= 1 and var count when count <= most => (int)count,
        var count => throw new InvalidRequestException($"Invalid value {count.Value.ToString(CultureInfo.InvariantCulture)} for parameter 'max_results' supplied. It must be at least 1 and at most {most}."),
    };

    /// <summary>A token of a page; an empty one is none.</summary>
    public static string? TokenOf(string? token) => string.IsNullOrEmpty(token) ? null : token;

    /// <summary>A view, by its name or its number.</summary>
    /// <exception cref="InvalidRequestException">There is no such view.</exception>
    public static LifecycleView ViewOf(string? view, string parameter) => view switch
    {
        null or "ACTIVE_ONLY" or "1" => LifecycleView.Active,
        "DELETED_ONLY" or "2" => LifecycleView.Deleted,
        "ALL" or "3" => LifecycleView.All,
        _ => throw new InvalidRequestException($"Invalid value \"{view}\" for parameter '{parameter}' supplied: it must be ACTIVE_ONLY, DELETED_ONLY or ALL."),
    };

    /// <summary>A state, by its name or its number.</summary>
    /// <exception cref="InvalidRequestException">There is no such state.</exception>
    public static RunStatus? StatusOf(string? status) => status is null
        ? null
        : Enum.GetValues<RunStatus>().Where(one => RunStore.NameOf(one) == status || ((int)one).ToString(CultureInfo.InvariantCulture) == status).Cast<RunStatus?>().FirstOrDefault()
            ?? throw new InvalidRequestException($"Invalid value \"{status}\" for parameter 'status' supplied: it must be RUNNING, SCHEDULED, FINISHED, FAILED or KILLED.");

    /// <summary>Tags by their names; of one that is given twice, the last.</summary>
    public static Dictionary<string, string> TagsOf(IReadOnlyList<MLflowTag>? tags)
    {
        var byKey = new Dictionary<string, string>();
        foreach (var tag in tags ?? [])
            byKey[tag.Key] = tag.Value ?? "";
        return byKey;
    }

    /// <summary>Params, in their order.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> ParamsOf(IReadOnlyList<MLflowParam>? parameters) =>
        [.. (parameters ?? []).Select(param => KeyValuePair.Create(param.Key, param.Value ?? ""))];

    /// <summary>A logged metric.</summary>
    public static LoggedMetric MetricOf(string key, double value, long timestamp, long? step, string? modelId, string? datasetName, string? datasetDigest)
    {
        var source = modelId is null && datasetName is null && datasetDigest is null ? null : new MetricSource(modelId, datasetName, datasetDigest);
        return new LoggedMetric(key, new MetricPoint(step ?? 0, timestamp, value) { Source = source });
    }
}
