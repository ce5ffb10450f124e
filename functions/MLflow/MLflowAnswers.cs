using Larder.Contracts;
using Larder.Tracking.Artifacts;
using Larder.Tracking.Experiments;
using Larder.Tracking.Metrics;
using Larder.Tracking.Runs;

namespace Larder.Functions.MLflow;

/// <summary>Experiments and runs as MLflow's API answers them: what is empty is left out.</summary>
internal static class MLflowAnswers
{
    /// <summary>Nothing.</summary>
    public static EmptyAnswer Empty { get; } = new();

    /// <summary>An experiment.</summary>
    public static MLflowExperiment Of(Experiment experiment) => new()
    {
        ExperimentId = experiment.Id,
        Name = experiment.Name,
        ArtifactLocation = experiment.ArtifactLocation,
        LifecycleStage = StageOf(experiment.IsActive),
        LastUpdateTime = experiment.LastUpdateTime,
        CreationTime = experiment.CreationTime,
        Tags = Of(experiment.Tags),
    };

    /// <summary>What a run is.</summary>
    public static MLflowRunInfo InfoOf(Run run) => new()
    {
        RunUuid = run.Id,
        RunId = run.Id,
        RunName = run.Name,
        ExperimentId = run.ExperimentId,
        UserId = run.UserId,
        Status = RunStore.NameOf(run.Status),
        StartTime = run.StartTime,
        EndTime = run.EndTime,
        ArtifactUri = run.ArtifactUri,
        LifecycleStage = StageOf(run.IsActive),
    };

    /// <summary>A run.</summary>
    public static MLflowRun Of(Run run) => new()
    {
        Info = InfoOf(run),
        Data = new MLflowRunData
        {
            Metrics = ListOf(run.Metrics.OrderBy(metric => metric.Key, StringComparer.Ordinal).Select(metric => Of(metric.Key, metric.Value))),
            Params = ListOf(run.Params.OrderBy(param => param.Key, StringComparer.Ordinal).Select(param => new MLflowParam { Key = param.Key, Value = param.Value })),
            Tags = Of(run.Tags),
        },
        Inputs = new MLflowRunInputs
        {
            DatasetInputs = ListOf(run.Datasets.Select(Of)),
            ModelInputs = ListOf(run.ModelInputs.Select(model => new MLflowModelInput { ModelId = model })),
        },
        Outputs = new MLflowRunOutputs { ModelOutputs = ListOf(run.ModelOutputs.Select(model => new MLflowModelOutput { ModelId = model.ModelId, Step = model.Step })) },
    };

    /// <summary>A value of a metric.</summary>
    public static MLflowMetric Of(string key, MetricPoint point, string? runId = null) => new()
    {
        Key = key,
        Value = point.Value,
        Timestamp = point.Timestamp,
        Step = point.Step,
        ModelId = point.Source?.ModelId,
        DatasetName = point.Source?.DatasetName,
        DatasetDigest = point.Source?.DatasetDigest,
        RunId = runId,
    };

    /// <summary>A file or folder of artifacts.</summary>
    /// <param name="artifact">What it is.</param>
    /// <param name="path">What the call calls it.</param>
    public static MLflowFile Of(RunArtifact artifact, string path) => new() { Path = path, IsDir = artifact.IsFolder, FileSize = artifact.IsFolder ? null : artifact.SizeBytes };

    /// <summary>A list, or null for an empty one.</summary>
    public static IReadOnlyList<T>? ListOf<T>(IEnumerable<T> items) => items.ToList() is { Count: > 0 } list ? list : null;

    private static MLflowDatasetInput Of(DatasetInput input) => new()
    {
        Tags = Of(input.Tags),
        Dataset = new MLflowDataset
        {
            Name = input.Name, Digest = input.Digest, SourceType = input.SourceType, Source = input.Source, Schema = input.Schema, Profile = input.Profile,
        },
    };

    /// <summary>Tags, by their names.</summary>
    public static IReadOnlyList<MLflowTag>? Of(IReadOnlyDictionary<string, string> tags) =>
        ListOf(tags.OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag => new MLflowTag { Key = tag.Key, Value = tag.Value }));

    private static string StageOf(bool isActive) => isActive ? "active" : "deleted";
}
