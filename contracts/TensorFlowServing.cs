using System.Text.Json;
using System.Text.Json.Serialization;

namespace Larder.Contracts;

/// <summary>Which versions of a model can be served, in TensorFlow Serving's REST API, and, on the same route, whether the model can be, in KServe V1.</summary>
public sealed record ModelStatusAnswer
{
    /// <summary>The versions that were asked for.</summary>
    [JsonPropertyName("model_version_status")]
    public required IReadOnlyList<VersionStatus> Versions { get; init; }

    /// <summary>The model's name (KServe V1).</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>Whether one of the versions can be served (KServe V1).</summary>
    [JsonPropertyName("ready")]
    public required bool Ready { get; init; }
}

/// <summary>Whether a version can be served, in TensorFlow Serving's REST API.</summary>
/// <param name="Version">The version.</param>
/// <param name="State"><c>LOADING</c>, <c>AVAILABLE</c> or <c>END</c>.</param>
/// <param name="Status">Why it cannot.</param>
public sealed record VersionStatus(
    [property: JsonPropertyName("version")] string Version,
    [property: JsonPropertyName("state")] string State,
    [property: JsonPropertyName("status")] ServingStatus Status);

/// <summary>A status as TensorFlow writes it.</summary>
/// <param name="ErrorCode"><c>OK</c>, or the kind of error.</param>
/// <param name="ErrorMessage">The error; empty without one.</param>
public sealed record ServingStatus(
    [property: JsonPropertyName("error_code")] string ErrorCode,
    [property: JsonPropertyName("error_message")] string ErrorMessage);

/// <summary>What a version takes and gives, in TensorFlow Serving's REST API.</summary>
/// <param name="ModelSpec">The version.</param>
/// <param name="Metadata">Its metadata.</param>
public sealed record ServingMetadataAnswer(
    [property: JsonPropertyName("model_spec")] ModelSpec ModelSpec,
    [property: JsonPropertyName("metadata")] ServingMetadata Metadata);

/// <summary>A version in TensorFlow Serving's REST API.</summary>
/// <param name="Name">The model's name.</param>
/// <param name="SignatureName">Empty: metadata is about all signatures.</param>
/// <param name="Version">The version.</param>
public sealed record ModelSpec(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("signature_name")] string SignatureName,
    [property: JsonPropertyName("version")] string Version);

/// <summary>Metadata of a version.</summary>
/// <param name="SignatureDef">The only kind of metadata that there is.</param>
public sealed record ServingMetadata([property: JsonPropertyName("signature_def")] SignatureDefinitions SignatureDef);

/// <summary>The signatures of a version: TensorFlow's SignatureDefMap.</summary>
/// <param name="Signatures">The signatures by name; always <c>serving_default</c>.</param>
public sealed record SignatureDefinitions([property: JsonPropertyName("signature_def")] IReadOnlyDictionary<string, SignatureDefinition> Signatures);

/// <summary>A signature: TensorFlow's SignatureDef.</summary>
/// <param name="Inputs">What a request must have, by name.</param>
/// <param name="Outputs">What an answer has, by name.</param>
/// <param name="MethodName"><c>tensorflow/serving/predict</c>.</param>
public sealed record SignatureDefinition(
    [property: JsonPropertyName("inputs")] IReadOnlyDictionary<string, TensorDefinition> Inputs,
    [property: JsonPropertyName("outputs")] IReadOnlyDictionary<string, TensorDefinition> Outputs,
    [property: JsonPropertyName("method_name")] string MethodName);

/// <summary>An input or output: TensorFlow's TensorInfo.</summary>
/// <param name="Datatype">Element type, such as <c>DT_FLOAT</c>.</param>
/// <param name="Shape">Dimensions.</param>
/// <param name="Name">Its name in the graph.</param>
public sealed record TensorDefinition(
    [property: JsonPropertyName("dtype")] string Datatype,
    [property: JsonPropertyName("tensor_shape")] TensorShapeDefinition Shape,
    [property: JsonPropertyName("name")] string Name);

/// <summary>A shape: TensorFlow's TensorShapeProto.</summary>
/// <param name="Dimensions">Its dimensions.</param>
/// <param name="UnknownRank">False: the number of dimensions is always known.</param>
public sealed record TensorShapeDefinition(
    [property: JsonPropertyName("dim")] IReadOnlyList<DimensionDefinition> Dimensions,
    [property: JsonPropertyName("unknown_rank")] bool UnknownRank);

/// <summary>A dimension.</summary>
/// <param name="Size">Its length as text, as JSON carries 64 bits in Protocol Buffers; <c>-1</c> where it varies.</param>
/// <param name="Name">Empty.</param>
public sealed record DimensionDefinition([property: JsonPropertyName("size")] string Size, [property: JsonPropertyName("name")] string Name);

/// <summary>A request of TensorFlow Serving's REST API, or to predict of KServe V1. The server reads it straight into tensors; this record is for its readers.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed record ServingRequest
{
    /// <summary><c>serving_default</c>, or left out.</summary>
    [JsonPropertyName("signature_name")]
    public string? SignatureName { get; init; }

    /// <summary>To predict, in row format: a list of rows, or of objects with a row for each input.</summary>
    [JsonPropertyName("instances")]
    public JsonElement? Instances { get; init; }

    /// <summary>To predict, in column format: the value of the only input, or an object with a value for each.</summary>
    [JsonPropertyName("inputs")]
    public JsonElement? Inputs { get; init; }

    /// <summary>To classify or regress: a list of objects with the values of each example.</summary>
    [JsonPropertyName("examples")]
    public JsonElement? Examples { get; init; }

    /// <summary>To classify or regress: an object with the values that all examples share.</summary>
    [JsonPropertyName("context")]
    public JsonElement? Context { get; init; }
}

/// <summary>An answer of TensorFlow Serving's REST API. The server writes it straight from tensors; this record is for its readers.</summary>
public sealed record ServingAnswer
{
    /// <summary>Of a prediction in row format: a row for each instance.</summary>
    [JsonPropertyName("predictions"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonElement? Predictions { get; init; }

    /// <summary>Of a prediction in column format: the value of the only output, or an object with all.</summary>
    [JsonPropertyName("outputs"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonElement? Outputs { get; init; }

    /// <summary>Of a classification: a list of pairs of label and score for each example. Of a regression: a number for each.</summary>
    [JsonPropertyName("result"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonElement? Result { get; init; }
}
