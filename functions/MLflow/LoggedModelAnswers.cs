using Larder.Contracts;
using Larder.Tracking.LoggedModels;

namespace Larder.Functions.MLflow;

/// <summary>Logged models as MLflow's API answers them, and what it calls their states and orders.</summary>
internal static class LoggedModelAnswers
{
    private const string Pending = "LOGGED_MODEL_PENDING";

    /// <summary>The states in which a model's logging ends.</summary>
    public static IReadOnlyDictionary<LoggedModelStatus, string> Ends { get; } =
        new Dictionary<LoggedModelStatus, string> { [LoggedModelStatus.Ready] = "LOGGED_MODEL_READY", [LoggedModelStatus.Failed] = "LOGGED_MODEL_UPLOAD_FAILED" };

    /// <summary>A logged model: what is empty is left out.</summary>
    public static MLflowLoggedModel Of(LoggedModel model) => new()
    {
        Info = new MLflowLoggedModelInfo
        {
            ModelId = model.Id,
            ExperimentId = model.ExperimentId,
            Name = model.Name,
            CreationTimestampMs = model.CreationTime,
            LastUpdatedTimestampMs = model.LastUpdateTime,
            ArtifactUri = model.ArtifactUri,
            Status = Ends.GetValueOrDefault(model.Status, Pending),
            ModelType = model.ModelType,
            SourceRunId = model.SourceRunId,
            Tags = MLflowAnswers.Of(model.Tags),
        },
        Data = new MLflowLoggedModelData
        {
            Params = MLflowAnswers.ListOf(model.Params.OrderBy(param => param.Key, StringComparer.Ordinal).Select(param => new MLflowParam { Key = param.Key, Value = param.Value })),
            Metrics = MLflowAnswers.ListOf(
                model.Metrics.OrderBy(metric => metric.Key, StringComparer.Ordinal).ThenBy(metric => metric.Point.Timestamp).Select(metric => MLflowAnswers.Of(metric.Key, metric.Point, metric.RunId))),
        },
    };

    /// <summary>A part of an order.</summary>
    public static LoggedModelOrder OrderOf(MLflowLoggedModelOrder order) => new(
        order.FieldName,
        order.Ascending ?? true,
        order.DatasetName is null && order.DatasetDigest is null ? null : new LoggedModelDataset(order.DatasetName, order.DatasetDigest));
}
