using System.Text.Json.Serialization;

namespace Larder.Contracts;

/// <summary>A tag, of an experiment or of a run.</summary>
public sealed record MLflowTag
{
    /// <summary>Its name.</summary>
    [JsonPropertyName("key")]
    public required string Key { get; init; }

    /// <summary>Its value.</summary>
    [JsonPropertyName("value"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Value { get; init; }
}

/// <summary>A param of a run.</summary>
public sealed record MLflowParam
{
    /// <summary>Its name.</summary>
    [JsonPropertyName("key")]
    public required string Key { get; init; }

    /// <summary>Its value.</summary>
    [JsonPropertyName("value"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Value { get; init; }
}

/// <summary>A value of a metric.</summary>
public sealed record MLflowMetric
{
    /// <summary>The metric's name.</summary>
    [JsonPropertyName("key")]
    public required string Key { get; init; }

    /// <summary>The value; NaN is a string.</summary>
    [JsonPropertyName("value"), JsonNumberHandling(JsonNumberHandling.AllowNamedFloatingPointLiterals)]
    public required double Value { get; init; }

    /// <summary>Its time, in milliseconds since 1970.</summary>
    [JsonPropertyName("timestamp")]
    public required long Timestamp { get; init; }

    /// <summary>Its step; 0 when it is left out.</summary>
    [JsonPropertyName("step"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Step { get; init; }

    /// <summary>The logged model that it was measured with.</summary>
    [JsonPropertyName("model_id"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ModelId { get; init; }

    /// <summary>The data set that it was measured on.</summary>
    [JsonPropertyName("dataset_name"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? DatasetName { get; init; }

    /// <summary>That data set's digest.</summary>
    [JsonPropertyName("dataset_digest"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? DatasetDigest { get; init; }

    /// <summary>The run, in a history of several.</summary>
    [JsonPropertyName("run_id"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RunId { get; init; }
}

/// <summary>An experiment.</summary>
public sealed record MLflowExperiment
{
    /// <summary>Its id.</summary>
    [JsonPropertyName("experiment_id")]
    public required string ExperimentId { get; init; }

    /// <summary>Its name.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>Where its artifacts are.</summary>
    [JsonPropertyName("artifact_location")]
    public required string ArtifactLocation { get; init; }

    /// <summary>active or deleted.</summary>
    [JsonPropertyName("lifecycle_stage")]
    public required string LifecycleStage { get; init; }

    /// <summary>When it was last changed, in milliseconds since 1970.</summary>
    [JsonPropertyName("last_update_time")]
    public required long LastUpdateTime { get; init; }

    /// <summary>When it was created, in milliseconds since 1970.</summary>
    [JsonPropertyName("creation_time")]
    public required long CreationTime { get; init; }

    /// <summary>Its tags.</summary>
    [JsonPropertyName("tags"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MLflowTag>? Tags { get; init; }
}

/// <summary>What an experiment is created with.</summary>
public sealed record CreateExperimentRequest
{
    /// <summary>Its name.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>Where its artifacts are.</summary>
    [JsonPropertyName("artifact_location"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ArtifactLocation { get; init; }

    /// <summary>Its tags.</summary>
    [JsonPropertyName("tags"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MLflowTag>? Tags { get; init; }
}

/// <summary>A search for experiments.</summary>
public sealed record SearchExperimentsRequest
{
    /// <summary>The most experiments of the answer.</summary>
    [JsonPropertyName("max_results"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? MaxResults { get; init; }

    /// <summary>next_page_token of the page before.</summary>
    [JsonPropertyName("page_token"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? PageToken { get; init; }

    /// <summary>The filter.</summary>
    [JsonPropertyName("filter"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Filter { get; init; }

    /// <summary>The order.</summary>
    [JsonPropertyName("order_by"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? OrderBy { get; init; }

    /// <summary>ACTIVE_ONLY, DELETED_ONLY or ALL.</summary>
    [JsonPropertyName("view_type"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ViewType { get; init; }
}

/// <summary>Names an experiment.</summary>
public sealed record ExperimentRequest
{
    /// <summary>The experiment's id.</summary>
    [JsonPropertyName("experiment_id")]
    public required string ExperimentId { get; init; }
}

/// <summary>Names an experiment by its name.</summary>
public sealed record ExperimentNameRequest
{
    /// <summary>The experiment's name.</summary>
    [JsonPropertyName("experiment_name")]
    public required string ExperimentName { get; init; }
}

/// <summary>Changes an experiment's name.</summary>
public sealed record UpdateExperimentRequest
{
    /// <summary>The experiment's id.</summary>
    [JsonPropertyName("experiment_id")]
    public required string ExperimentId { get; init; }

    /// <summary>The new name.</summary>
    [JsonPropertyName("new_name"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? NewName { get; init; }
}

/// <summary>Sets a tag of an experiment.</summary>
public sealed record SetExperimentTagRequest
{
    /// <summary>The experiment's id.</summary>
    [JsonPropertyName("experiment_id")]
    public required string ExperimentId { get; init; }

    /// <summary>The tag's name.</summary>
    [JsonPropertyName("key")]
    public required string Key { get; init; }

    /// <summary>The tag's value.</summary>
    [JsonPropertyName("value")]
    public required string Value { get; init; }
}

/// <summary>Removes a tag of an experiment.</summary>
public sealed record DeleteExperimentTagRequest
{
    /// <summary>The experiment's id.</summary>
    [JsonPropertyName("experiment_id")]
    public required string ExperimentId { get; init; }

    /// <summary>The tag's name.</summary>
    [JsonPropertyName("key")]
    public required string Key { get; init; }
}

/// <summary>Asks for the data sets that runs of experiments read.</summary>
public sealed record SearchDatasetsRequest
{
    /// <summary>The experiments, at most 20.</summary>
    [JsonPropertyName("experiment_ids"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? ExperimentIds { get; init; }
}

/// <summary>What a run is created with.</summary>
public sealed record CreateRunRequest
{
    /// <summary>Its experiment; the default one when it is left out.</summary>
    [JsonPropertyName("experiment_id"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ExperimentId { get; init; }

    /// <summary>Who runs it.</summary>
    [JsonPropertyName("user_id"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? UserId { get; init; }

    /// <summary>Its name.</summary>
    [JsonPropertyName("run_name"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RunName { get; init; }

    /// <summary>When it began, in milliseconds since 1970.</summary>
    [JsonPropertyName("start_time"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? StartTime { get; init; }

    /// <summary>Its tags.</summary>
    [JsonPropertyName("tags"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MLflowTag>? Tags { get; init; }
}

/// <summary>Changes a run.</summary>
public sealed record UpdateRunRequest : RunRequest
{
    /// <summary>RUNNING, SCHEDULED, FINISHED, FAILED or KILLED.</summary>
    [JsonPropertyName("status"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Status { get; init; }

    /// <summary>When it ended, in milliseconds since 1970.</summary>
    [JsonPropertyName("end_time"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? EndTime { get; init; }

    /// <summary>Its name.</summary>
    [JsonPropertyName("run_name"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RunName { get; init; }
}

/// <summary>Names a run.</summary>
public record RunRequest
{
    /// <summary>The run's id.</summary>
    [JsonPropertyName("run_id"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RunId { get; init; }

    /// <summary>The run's id, as earlier clients call it.</summary>
    [JsonPropertyName("run_uuid"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RunUuid { get; init; }
}

/// <summary>Asks for what a run logged in a folder.</summary>
public sealed record ListArtifactsRequest : RunRequest
{
    /// <summary>The folder, relative to the run's artifacts; all of them when it is left out.</summary>
    [JsonPropertyName("path"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Path { get; init; }

    /// <summary>next_page_token of the page before.</summary>
    [JsonPropertyName("page_token"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? PageToken { get; init; }
}

/// <summary>Asks for a file that a run logged.</summary>
public sealed record GetArtifactRequest : RunRequest
{
    /// <summary>The file, relative to the run's artifacts.</summary>
    [JsonPropertyName("path")]
    public required string Path { get; init; }
}

/// <summary>Asks for what is in a folder of artifacts.</summary>
public sealed record ArtifactFolderRequest
{
    /// <summary>The folder, beginning with that of the run, such as 0/{run_id}/artifacts.</summary>
    [JsonPropertyName("path"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Path { get; init; }
}

/// <summary>Begins to log a file in parts.</summary>
public sealed record CreateMultipartRequest
{
    /// <summary>The file; of a local path the name counts.</summary>
    [JsonPropertyName("path")]
    public required string Path { get; init; }

    /// <summary>How many parts there will be; 1 when it is left out.</summary>
    [JsonPropertyName("num_parts"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? NumParts { get; init; }
}

/// <summary>Logs a file whose parts are in storage.</summary>
public sealed record CompleteMultipartRequest
{
    /// <summary>The file; of a local path the name counts.</summary>
    [JsonPropertyName("path")]
    public required string Path { get; init; }

    /// <summary>The upload's id.</summary>
    [JsonPropertyName("upload_id")]
    public required string UploadId { get; init; }

    /// <summary>The parts.</summary>
    [JsonPropertyName("parts")]
    public required IReadOnlyList<MLflowPart> Parts { get; init; }
}

/// <summary>Ends an upload in parts without logging anything.</summary>
public sealed record AbortMultipartRequest
{
    /// <summary>The file; of a local path the name counts.</summary>
    [JsonPropertyName("path")]
    public required string Path { get; init; }

    /// <summary>The upload's id.</summary>
    [JsonPropertyName("upload_id")]
    public required string UploadId { get; init; }
}

/// <summary>A part of a file that is in storage.</summary>
public sealed record MLflowPart
{
    /// <summary>Its number, from 1 on.</summary>
    [JsonPropertyName("part_number")]
    public required long PartNumber { get; init; }

    /// <summary>The ETag that storage gave it; not read.</summary>
    [JsonPropertyName("etag"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ETag { get; init; }

    /// <summary>The URL that it was put to; not read.</summary>
    [JsonPropertyName("url"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Url { get; init; }
}

/// <summary>A search for runs.</summary>
public sealed record SearchRunsRequest
{
    /// <summary>The experiments.</summary>
    [JsonPropertyName("experiment_ids"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? ExperimentIds { get; init; }

    /// <summary>The filter.</summary>
    [JsonPropertyName("filter"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Filter { get; init; }

    /// <summary>ACTIVE_ONLY, DELETED_ONLY or ALL.</summary>
    [JsonPropertyName("run_view_type"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RunViewType { get; init; }

    /// <summary>The most runs of the answer.</summary>
    [JsonPropertyName("max_results"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? MaxResults { get; init; }

    /// <summary>The order.</summary>
    [JsonPropertyName("order_by"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? OrderBy { get; init; }

    /// <summary>next_page_token of the page before.</summary>
    [JsonPropertyName("page_token"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? PageToken { get; init; }
}

/// <summary>Logs a value of a metric.</summary>
public sealed record LogMetricRequest : RunRequest
{
    /// <summary>The metric's name.</summary>
    [JsonPropertyName("key")]
    public required string Key { get; init; }

    /// <summary>The value.</summary>
    [JsonPropertyName("value"), JsonNumberHandling(JsonNumberHandling.AllowNamedFloatingPointLiterals)]
    public required double Value { get; init; }

    /// <summary>Its time, in milliseconds since 1970.</summary>
    [JsonPropertyName("timestamp")]
    public required long Timestamp { get; init; }

    /// <summary>Its step.</summary>
    [JsonPropertyName("step"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Step { get; init; }

    /// <summary>The logged model that it was measured with.</summary>
    [JsonPropertyName("model_id"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ModelId { get; init; }

    /// <summary>The data set that it was measured on.</summary>
    [JsonPropertyName("dataset_name"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? DatasetName { get; init; }

    /// <summary>That data set's digest.</summary>
    [JsonPropertyName("dataset_digest"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? DatasetDigest { get; init; }
}

/// <summary>Logs a param.</summary>
public sealed record LogParamRequest : RunRequest
{
    /// <summary>The param's name.</summary>
    [JsonPropertyName("key")]
    public required string Key { get; init; }

    /// <summary>The param's value.</summary>
    [JsonPropertyName("value"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Value { get; init; }
}

/// <summary>Logs metrics, params and tags together.</summary>
public sealed record LogBatchRequest : RunRequest
{
    /// <summary>The metrics.</summary>
    [JsonPropertyName("metrics"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MLflowMetric>? Metrics { get; init; }

    /// <summary>The params.</summary>
    [JsonPropertyName("params"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MLflowParam>? Params { get; init; }

    /// <summary>The tags.</summary>
    [JsonPropertyName("tags"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MLflowTag>? Tags { get; init; }
}

/// <summary>Notes a model that a run logged.</summary>
public sealed record LogModelRequest : RunRequest
{
    /// <summary>What MLflow writes about the model, as JSON.</summary>
    [JsonPropertyName("model_json")]
    public required string ModelJson { get; init; }
}

/// <summary>Notes what a run read.</summary>
public sealed record LogInputsRequest : RunRequest
{
    /// <summary>The data sets.</summary>
    [JsonPropertyName("datasets"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MLflowDatasetInput>? Datasets { get; init; }

    /// <summary>The logged models.</summary>
    [JsonPropertyName("models"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MLflowModelInput>? Models { get; init; }
}

/// <summary>Notes what a run made.</summary>
public sealed record LogOutputsRequest
{
    /// <summary>The run's id.</summary>
    [JsonPropertyName("run_id")]
    public required string RunId { get; init; }

    /// <summary>The logged models.</summary>
    [JsonPropertyName("models"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MLflowModelOutput>? Models { get; init; }
}

/// <summary>Sets a tag of a run.</summary>
public sealed record SetTagRequest : RunRequest
{
    /// <summary>The tag's name.</summary>
    [JsonPropertyName("key")]
    public required string Key { get; init; }

    /// <summary>The tag's value.</summary>
    [JsonPropertyName("value")]
    public required string Value { get; init; }
}

/// <summary>Removes a tag of a run.</summary>
public sealed record DeleteTagRequest
{
    /// <summary>The run's id.</summary>
    [JsonPropertyName("run_id")]
    public required string RunId { get; init; }

    /// <summary>The tag's name.</summary>
    [JsonPropertyName("key")]
    public required string Key { get; init; }
}

/// <summary>Asks for a metric's values.</summary>
public sealed record MetricHistoryRequest : RunRequest
{
    /// <summary>The metric's name.</summary>
    [JsonPropertyName("metric_key")]
    public required string MetricKey { get; init; }

    /// <summary>next_page_token of the page before.</summary>
    [JsonPropertyName("page_token"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? PageToken { get; init; }

    /// <summary>The most values of the answer.</summary>
    [JsonPropertyName("max_results"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? MaxResults { get; init; }
}

/// <summary>Asks for a metric's values in several runs.</summary>
public sealed record BulkHistoryRequest
{
    /// <summary>The runs' ids, at most 100.</summary>
    [JsonPropertyName("run_id")]
    public required IReadOnlyList<string> RunId { get; init; }

    /// <summary>The metric's name.</summary>
    [JsonPropertyName("metric_key")]
    public required string MetricKey { get; init; }

    /// <summary>The most values of the answer.</summary>
    [JsonPropertyName("max_results"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? MaxResults { get; init; }
}

/// <summary>Asks for a metric's values in several runs, at so many steps that a chart needs.</summary>
public sealed record SampledHistoryRequest
{
    /// <summary>The runs' ids, at most 100.</summary>
    [JsonPropertyName("run_ids")]
    public required IReadOnlyList<string> RunIds { get; init; }

    /// <summary>The metric's name.</summary>
    [JsonPropertyName("metric_key")]
    public required string MetricKey { get; init; }

    /// <summary>The first step; with end_step.</summary>
    [JsonPropertyName("start_step"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? StartStep { get; init; }

    /// <summary>The last step; with start_step.</summary>
    [JsonPropertyName("end_step"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? EndStep { get; init; }

    /// <summary>About how many steps, 1 to 2500.</summary>
    [JsonPropertyName("max_results"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? MaxResults { get; init; }
}

/// <summary>A data set.</summary>
public sealed record MLflowDataset
{
    /// <summary>Its name.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>A digest of its content.</summary>
    [JsonPropertyName("digest")]
    public required string Digest { get; init; }

    /// <summary>What kind of source it has.</summary>
    [JsonPropertyName("source_type")]
    public required string SourceType { get; init; }

    /// <summary>Where it comes from.</summary>
    [JsonPropertyName("source")]
    public required string Source { get; init; }

    /// <summary>Its schema.</summary>
    [JsonPropertyName("schema"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Schema { get; init; }

    /// <summary>Figures about it.</summary>
    [JsonPropertyName("profile"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Profile { get; init; }
}

/// <summary>A data set that a run read.</summary>
public sealed record MLflowDatasetInput
{
    /// <summary>Tags of its use.</summary>
    [JsonPropertyName("tags"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MLflowTag>? Tags { get; init; }

    /// <summary>The data set.</summary>
    [JsonPropertyName("dataset")]
    public required MLflowDataset Dataset { get; init; }
}

/// <summary>A logged model that a run read.</summary>
public sealed record MLflowModelInput
{
    /// <summary>Its id.</summary>
    [JsonPropertyName("model_id")]
    public required string ModelId { get; init; }
}

/// <summary>A logged model that a run made.</summary>
public sealed record MLflowModelOutput
{
    /// <summary>Its id.</summary>
    [JsonPropertyName("model_id")]
    public required string ModelId { get; init; }

    /// <summary>The step at which it was made.</summary>
    [JsonPropertyName("step"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Step { get; init; }
}

/// <summary>What a run is.</summary>
public sealed record MLflowRunInfo
{
    /// <summary>The run's id, as earlier clients call it.</summary>
    [JsonPropertyName("run_uuid")]
    public required string RunUuid { get; init; }

    /// <summary>The run's id.</summary>
    [JsonPropertyName("run_id")]
    public required string RunId { get; init; }

    /// <summary>Its name.</summary>
    [JsonPropertyName("run_name")]
    public required string RunName { get; init; }

    /// <summary>Its experiment.</summary>
    [JsonPropertyName("experiment_id")]
    public required string ExperimentId { get; init; }

    /// <summary>Who runs it.</summary>
    [JsonPropertyName("user_id")]
    public required string UserId { get; init; }

    /// <summary>RUNNING, SCHEDULED, FINISHED, FAILED or KILLED.</summary>
    [JsonPropertyName("status")]
    public required string Status { get; init; }

    /// <summary>When it began, in milliseconds since 1970.</summary>
    [JsonPropertyName("start_time")]
    public required long StartTime { get; init; }

    /// <summary>When it ended, in milliseconds since 1970.</summary>
    [JsonPropertyName("end_time"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? EndTime { get; init; }

    /// <summary>Where its artifacts are.</summary>
    [JsonPropertyName("artifact_uri")]
    public required string ArtifactUri { get; init; }

    /// <summary>active or deleted.</summary>
    [JsonPropertyName("lifecycle_stage")]
    public required string LifecycleStage { get; init; }
}

/// <summary>What a run logged.</summary>
public sealed record MLflowRunData
{
    /// <summary>Of each metric the last value.</summary>
    [JsonPropertyName("metrics"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MLflowMetric>? Metrics { get; init; }

    /// <summary>The params.</summary>
    [JsonPropertyName("params"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MLflowParam>? Params { get; init; }

    /// <summary>The tags.</summary>
    [JsonPropertyName("tags"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MLflowTag>? Tags { get; init; }
}

/// <summary>What a run read.</summary>
public sealed record MLflowRunInputs
{
    /// <summary>Data sets.</summary>
    [JsonPropertyName("dataset_inputs"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MLflowDatasetInput>? DatasetInputs { get; init; }

    /// <summary>Logged models.</summary>
    [JsonPropertyName("model_inputs"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MLflowModelInput>? ModelInputs { get; init; }
}

/// <summary>What a run made.</summary>
public sealed record MLflowRunOutputs
{
    /// <summary>Logged models.</summary>
    [JsonPropertyName("model_outputs"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MLflowModelOutput>? ModelOutputs { get; init; }
}

/// <summary>A run.</summary>
public sealed record MLflowRun
{
    /// <summary>What it is.</summary>
    [JsonPropertyName("info")]
    public required MLflowRunInfo Info { get; init; }

    /// <summary>What it logged.</summary>
    [JsonPropertyName("data")]
    public required MLflowRunData Data { get; init; }

    /// <summary>What it read.</summary>
    [JsonPropertyName("inputs")]
    public required MLflowRunInputs Inputs { get; init; }

    /// <summary>What it made.</summary>
    [JsonPropertyName("outputs")]
    public required MLflowRunOutputs Outputs { get; init; }
}

/// <summary>A data set that runs of an experiment read.</summary>
public sealed record MLflowDatasetSummary
{
    /// <summary>The experiment.</summary>
    [JsonPropertyName("experiment_id")]
    public required string ExperimentId { get; init; }

    /// <summary>The data set's name.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>The data set's digest.</summary>
    [JsonPropertyName("digest")]
    public required string Digest { get; init; }

    /// <summary>What it was used for.</summary>
    [JsonPropertyName("context"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Context { get; init; }
}

/// <summary>An empty object.</summary>
public sealed record EmptyAnswer;

/// <summary>The id of a new experiment.</summary>
public sealed record ExperimentIdAnswer
{
    /// <summary>The id.</summary>
    [JsonPropertyName("experiment_id")]
    public required string ExperimentId { get; init; }
}

/// <summary>An experiment.</summary>
public sealed record ExperimentAnswer
{
    /// <summary>The experiment.</summary>
    [JsonPropertyName("experiment")]
    public required MLflowExperiment Experiment { get; init; }
}

/// <summary>A page of experiments.</summary>
public sealed record ExperimentsAnswer
{
    /// <summary>The experiments.</summary>
    [JsonPropertyName("experiments"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MLflowExperiment>? Experiments { get; init; }

    /// <summary>Asks for the next page.</summary>
    [JsonPropertyName("next_page_token"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? NextPageToken { get; init; }
}

/// <summary>Data sets.</summary>
public sealed record DatasetSummariesAnswer
{
    /// <summary>The data sets.</summary>
    [JsonPropertyName("dataset_summaries"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MLflowDatasetSummary>? DatasetSummaries { get; init; }
}

/// <summary>A run.</summary>
public sealed record RunAnswer
{
    /// <summary>The run.</summary>
    [JsonPropertyName("run")]
    public required MLflowRun Run { get; init; }
}

/// <summary>What a run is.</summary>
public sealed record RunInfoAnswer
{
    /// <summary>What it is.</summary>
    [JsonPropertyName("run_info")]
    public required MLflowRunInfo RunInfo { get; init; }
}

/// <summary>A page of runs.</summary>
public sealed record RunsAnswer
{
    /// <summary>The runs.</summary>
    [JsonPropertyName("runs"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MLflowRun>? Runs { get; init; }

    /// <summary>Asks for the next page.</summary>
    [JsonPropertyName("next_page_token"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? NextPageToken { get; init; }
}

/// <summary>A page of what a run logged in a folder.</summary>
public sealed record ArtifactsAnswer
{
    /// <summary>Where all artifacts of the run are.</summary>
    [JsonPropertyName("root_uri")]
    public required string RootUri { get; init; }

    /// <summary>The files and folders, with paths relative to the run's artifacts.</summary>
    [JsonPropertyName("files"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MLflowFile>? Files { get; init; }

    /// <summary>Asks for the next page.</summary>
    [JsonPropertyName("next_page_token"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? NextPageToken { get; init; }
}

/// <summary>What is in a folder of artifacts.</summary>
public sealed record ArtifactFolderAnswer
{
    /// <summary>The files and folders, with their names.</summary>
    [JsonPropertyName("files"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MLflowFile>? Files { get; init; }
}

/// <summary>An upload in parts that began.</summary>
public sealed record MultipartAnswer
{
    /// <summary>The upload's id.</summary>
    [JsonPropertyName("upload_id")]
    public required string UploadId { get; init; }

    /// <summary>Where each part is put.</summary>
    [JsonPropertyName("credentials")]
    public required IReadOnlyList<MLflowPartTarget> Credentials { get; init; }
}

/// <summary>Where a part is put.</summary>
public sealed record MLflowPartTarget
{
    /// <summary>The URL, which is signed: it needs no token, and works for a while.</summary>
    [JsonPropertyName("url")]
    public required Uri Url { get; init; }

    /// <summary>The part's number, from 1 on.</summary>
    [JsonPropertyName("part_number")]
    public required long PartNumber { get; init; }

    /// <summary>Headers of the request; none.</summary>
    [JsonPropertyName("headers")]
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();
}

/// <summary>A file or folder of a run's artifacts.</summary>
public sealed record MLflowFile
{
    /// <summary>Its path, or its name.</summary>
    [JsonPropertyName("path")]
    public required string Path { get; init; }

    /// <summary>Whether it is a folder.</summary>
    [JsonPropertyName("is_dir")]
    public required bool IsDir { get; init; }

    /// <summary>A file's size in bytes.</summary>
    [JsonPropertyName("file_size"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? FileSize { get; init; }
}

/// <summary>A page of a metric's values.</summary>
public sealed record MetricsAnswer
{
    /// <summary>The values.</summary>
    [JsonPropertyName("metrics"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MLflowMetric>? Metrics { get; init; }

    /// <summary>Asks for the next page.</summary>
    [JsonPropertyName("next_page_token"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? NextPageToken { get; init; }
}
