using System.Text.Json;
using System.Text.Json.Serialization;

namespace Larder.Contracts;

/// <summary>A request to MLflow's scoring server: exactly one of the first four members. The server reads it straight into tensors; this record is for its readers.</summary>
public sealed record InvocationRequest
{
    /// <summary>A data frame as <c>columns</c>, <c>index</c> and <c>data</c>.</summary>
    [JsonPropertyName("dataframe_split")]
    public JsonElement? DataframeSplit { get; init; }

    /// <summary>A data frame as a list of records.</summary>
    [JsonPropertyName("dataframe_records")]
    public JsonElement? DataframeRecords { get; init; }

    /// <summary>Tensors in TensorFlow Serving's row format.</summary>
    [JsonPropertyName("instances")]
    public JsonElement? Instances { get; init; }

    /// <summary>Tensors in TensorFlow Serving's column format.</summary>
    [JsonPropertyName("inputs")]
    public JsonElement? Inputs { get; init; }

    /// <summary>Parameters of the prediction.</summary>
    [JsonPropertyName("params")]
    public JsonElement? Parameters { get; init; }
}

/// <summary>An answer of MLflow's scoring server.</summary>
/// <param name="Predictions">The outputs.</param>
public sealed record InvocationAnswer([property: JsonPropertyName("predictions")] JsonElement Predictions);

/// <summary>A request to an Azure ML endpoint with a model in MLflow's format. The server reads it straight into tensors; this record is for its readers.</summary>
public sealed record ScoreRequest
{
    /// <summary>A data frame as <c>columns</c>, <c>index</c> and <c>data</c>, or as a list of records; or tensors.</summary>
    [JsonPropertyName("input_data")]
    public required JsonElement InputData { get; init; }
}
