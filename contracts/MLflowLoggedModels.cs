using System.Text.Json.Serialization;

namespace Larder.Contracts;

/// <summary>What a logged model is.</summary>
public sealed record MLflowLoggedModelInfo
{
    /// <summary>Its id.</summary>
    [JsonPropertyName("model_id")]
    public required string ModelId { get; init; }

    /// <summary>Its experiment.</summary>
    [JsonPropertyName("experiment_id")]
    public required string ExperimentId { get; init; }

    /// <summary>Its name.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>When it was created, in milliseconds since 1970.</summary>
    [JsonPropertyName("creation_timestamp_ms")]
    public required long CreationTimestampMs { get; init; }

    /// <summary>When it was last changed, in milliseconds since 1970.</summary>
    [JsonPropertyName("last_updated_timestamp_ms")]
    public required long LastUpdatedTimestampMs { get; init; }

    /// <summary>Where its files are.</summary>
    [JsonPropertyName("artifact_uri")]
    public required string ArtifactUri { get; init; }

    /// <summary>LOGGED_MODEL_PENDING, LOGGED_MODEL_READY or LOGGED_MODEL_UPLOAD_FAILED.</summary>
    [JsonPropertyName("status")]
    public required string Status { get; init; }

    /// <summary>What kind of model it is.</summary>
    [JsonPropertyName("model_type"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ModelType { get; init; }

    /// <summary>The run that made it.</summary>
    [JsonPropertyName("source_run_id"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? SourceRunId { get; init; }

    /// <summary>Its tags.</summary>
    [JsonPropertyName("tags"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MLflowTag>? Tags { get; init; }
}

/// <summary>What was logged to a logged model.</summary>
public sealed record MLflowLoggedModelData
{
    /// <summary>The params.</summary>
    [JsonPropertyName("params"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MLflowParam>? Params { get; init; }

    /// <summary>Of each metric, data set and run the newest value.</summary>
    [JsonPropertyName("metrics"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MLflowMetric>? Metrics { get; init; }
}

/// <summary>A logged model.</summary>
public sealed record MLflowLoggedModel
{
    /// <summary>What it is.</summary>
    [JsonPropertyName("info")]
    public required MLflowLoggedModelInfo Info { get; init; }

    /// <summary>What was logged to it.</summary>
    [JsonPropertyName("data")]
    public required MLflowLoggedModelData Data { get; init; }
}

/// <summary>What a logged model is created with.</summary>
public sealed record CreateLoggedModelRequest
{
    /// <summary>Its experiment.</summary>
    [JsonPropertyName("experiment_id")]
    public required string ExperimentId { get; init; }

    /// <summary>Its name; one is made when it is left out.</summary>
    [JsonPropertyName("name"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Name { get; init; }

    /// <summary>What kind of model it is.</summary>
    [JsonPropertyName("model_type"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ModelType { get; init; }

    /// <summary>The run that makes it.</summary>
    [JsonPropertyName("source_run_id"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? SourceRunId { get; init; }

    /// <summary>Its params.</summary>
    [JsonPropertyName("params"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MLflowParam>? Params { get; init; }

    /// <summary>Its tags.</summary>
    [JsonPropertyName("tags"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MLflowTag>? Tags { get; init; }
}

/// <summary>Ends the logging of a model's files.</summary>
public sealed record FinalizeLoggedModelRequest
{
    /// <summary>LOGGED_MODEL_READY or LOGGED_MODEL_UPLOAD_FAILED.</summary>
    [JsonPropertyName("status")]
    public required string Status { get; init; }
}

/// <summary>Sets tags of a logged model.</summary>
public sealed record SetLoggedModelTagsRequest
{
    /// <summary>The tags.</summary>
    [JsonPropertyName("tags"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MLflowTag>? Tags { get; init; }
}

/// <summary>Logs params to a logged model.</summary>
public sealed record LogLoggedModelParamsRequest
{
    /// <summary>The params.</summary>
    [JsonPropertyName("params"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MLflowParam>? Params { get; init; }
}

/// <summary>Asks for what is in a folder of a logged model.</summary>
public sealed record ListLoggedModelArtifactsRequest
{
    /// <summary>The folder, relative to the model's files; all of them when it is left out.</summary>
    [JsonPropertyName("artifact_directory_path"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ArtifactDirectoryPath { get; init; }

    /// <summary>next_page_token of the page before.</summary>
    [JsonPropertyName("page_token"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? PageToken { get; init; }
}

/// <summary>Asks for a file of a logged model.</summary>
public sealed record GetLoggedModelArtifactRequest
{
    /// <summary>The file, relative to the model's files.</summary>
    [JsonPropertyName("artifact_file_path")]
    public required string ArtifactFilePath { get; init; }
}

/// <summary>A data set on which metrics were measured.</summary>
public sealed record MLflowMetricDataset
{
    /// <summary>Its name.</summary>
    [JsonPropertyName("dataset_name")]
    public required string DatasetName { get; init; }

    /// <summary>Its digest; any when it is left out.</summary>
    [JsonPropertyName("dataset_digest"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? DatasetDigest { get; init; }
}

/// <summary>A part of an order of logged models.</summary>
public sealed record MLflowLoggedModelOrder
{
    /// <summary>The field, as name, creation_time or metrics.loss.</summary>
    [JsonPropertyName("field_name")]
    public required string FieldName { get; init; }

    /// <summary>Whether the least comes first; true when it is left out.</summary>
    [JsonPropertyName("ascending"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Ascending { get; init; }

    /// <summary>For a metric: the data set whose value counts.</summary>
    [JsonPropertyName("dataset_name"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? DatasetName { get; init; }

    /// <summary>That data set's digest.</summary>
    [JsonPropertyName("dataset_digest"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? DatasetDigest { get; init; }
}

/// <summary>A search for logged models.</summary>
public sealed record SearchLoggedModelsRequest
{
    /// <summary>The experiments.</summary>
    [JsonPropertyName("experiment_ids"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? ExperimentIds { get; init; }

    /// <summary>The filter.</summary>
    [JsonPropertyName("filter"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Filter { get; init; }

    /// <summary>The data sets on which the filter's metrics were measured; any when it is left out.</summary>
    [JsonPropertyName("datasets"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MLflowMetricDataset>? Datasets { get; init; }

    /// <summary>The most models of the answer.</summary>
    [JsonPropertyName("max_results"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? MaxResults { get; init; }

    /// <summary>The order.</summary>
    [JsonPropertyName("order_by"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MLflowLoggedModelOrder>? OrderBy { get; init; }

    /// <summary>next_page_token of the page before.</summary>
    [JsonPropertyName("page_token"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? PageToken { get; init; }
}

/// <summary>A logged model.</summary>
public sealed record LoggedModelAnswer
{
    /// <summary>The model.</summary>
    [JsonPropertyName("model")]
    public required MLflowLoggedModel Model { get; init; }
}

/// <summary>A page of logged models.</summary>
public sealed record LoggedModelsAnswer
{
    /// <summary>The models.</summary>
    [JsonPropertyName("models"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MLflowLoggedModel>? Models { get; init; }

    /// <summary>Asks for the next page.</summary>
    [JsonPropertyName("next_page_token"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? NextPageToken { get; init; }
}
