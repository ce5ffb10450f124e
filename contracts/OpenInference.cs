using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Larder.Contracts;

/// <summary>What the server is, in the Open Inference Protocol V2.</summary>
public sealed record ServerMetadataAnswer
{
    /// <summary>Name of the server.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>Its version.</summary>
    [JsonPropertyName("version")]
    public required string Version { get; init; }

    /// <summary>The extensions of the protocol that it has, by the names that Triton gives them.</summary>
    [JsonPropertyName("extensions")]
    public required IReadOnlyList<string> Extensions { get; init; }
}

/// <summary>Whether the server is alive.</summary>
/// <param name="Live">True where this is answered.</param>
public sealed record LiveAnswer([property: JsonPropertyName("live")] bool Live);

/// <summary>Whether the server, or a model, can serve.</summary>
/// <param name="Ready">Whether it can.</param>
public sealed record ReadyAnswer([property: JsonPropertyName("ready")] bool Ready)
{
    /// <summary>Name of the model; absent for the server.</summary>
    [JsonPropertyName("name"), JsonPropertyOrder(-1), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Name { get; init; }
}

/// <summary>Names of models, as KServe's server lists them.</summary>
/// <param name="Models">The names.</param>
public sealed record ModelNamesAnswer([property: JsonPropertyName("models")] IReadOnlyList<string> Models);

/// <summary>What a model takes and gives, in the Open Inference Protocol V2.</summary>
public sealed record ModelMetadataAnswer
{
    /// <summary>The model's name.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>Its versions that can be served.</summary>
    [JsonPropertyName("versions")]
    public required IReadOnlyList<string> Versions { get; init; }

    /// <summary>The protocol's name of the format: <c>onnx_onnxv1</c>.</summary>
    [JsonPropertyName("platform")]
    public required string Platform { get; init; }

    /// <summary>The inputs.</summary>
    [JsonPropertyName("inputs")]
    public required IReadOnlyList<TensorMetadata> Inputs { get; init; }

    /// <summary>The outputs.</summary>
    [JsonPropertyName("outputs")]
    public required IReadOnlyList<TensorMetadata> Outputs { get; init; }
}

/// <summary>An input or output in the Open Inference Protocol V2.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Datatype">Element type, such as <c>FP32</c>.</param>
/// <param name="Shape">Dimensions, -1 where they vary.</param>
public sealed record TensorMetadata(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("datatype")] string Datatype,
    [property: JsonPropertyName("shape")] IReadOnlyList<long> Shape);

/// <summary>A model's configuration as Triton answers it.</summary>
public sealed record ModelConfigurationAnswer
{
    /// <summary>The model's name.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>Triton's name of the format: <c>onnxruntime_onnx</c>.</summary>
    [JsonPropertyName("platform")]
    public required string Platform { get; init; }

    /// <summary>Triton's name of what runs it: <c>onnxruntime</c>.</summary>
    [JsonPropertyName("backend")]
    public required string Backend { get; init; }

    /// <summary>0: the shapes of inputs and outputs have their batch dimension, if there is one.</summary>
    [JsonPropertyName("max_batch_size")]
    public required int MaxBatchSize { get; init; }

    /// <summary>The inputs.</summary>
    [JsonPropertyName("input")]
    public required IReadOnlyList<TensorConfiguration> Inputs { get; init; }

    /// <summary>The outputs.</summary>
    [JsonPropertyName("output")]
    public required IReadOnlyList<TensorConfiguration> Outputs { get; init; }
}

/// <summary>An input or output in Triton's model configuration.</summary>
/// <param name="Name">Its name.</param>
/// <param name="DataType">Element type, such as <c>TYPE_FP32</c>.</param>
/// <param name="Dims">Dimensions, -1 where they vary.</param>
public sealed record TensorConfiguration(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("data_type")] string DataType,
    [property: JsonPropertyName("dims")] IReadOnlyList<long> Dims)
{
    /// <summary>True for an input that a request may leave out; absent otherwise.</summary>
    [JsonPropertyName("optional"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Optional { get; init; }
}

/// <summary>A version in the list of Triton's repository extension.</summary>
public sealed record RepositoryEntry
{
    /// <summary>The model's name.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>The version.</summary>
    [JsonPropertyName("version")]
    public required string Version { get; init; }

    /// <summary><c>READY</c> or <c>UNAVAILABLE</c>.</summary>
    [JsonPropertyName("state")]
    public required string State { get; init; }

    /// <summary>Why it is not ready; empty where it is.</summary>
    [JsonPropertyName("reason")]
    public required string Reason { get; init; }
}

/// <summary>An inference request of the Open Inference Protocol V2. The server reads it straight into tensors; this record is for its readers.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed record InferenceRequest
{
    /// <summary>The caller's id of the request, which the answer repeats.</summary>
    [JsonPropertyName("id")]
    public string? Id { get; init; }

    /// <summary>Parameters, such as <c>binary_data_output</c>.</summary>
    [JsonPropertyName("parameters")]
    public JsonObject? Parameters { get; init; }

    /// <summary>The inputs; a model without inputs needs none.</summary>
    [JsonPropertyName("inputs")]
    public IReadOnlyList<InferenceInput>? Inputs { get; init; }

    /// <summary>The outputs that are wanted; left out for all.</summary>
    [JsonPropertyName("outputs")]
    public IReadOnlyList<InferenceOutputRequest>? Outputs { get; init; }
}

/// <summary>An input of an inference request.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed record InferenceInput
{
    /// <summary>Its name.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>Element type, such as <c>FP32</c>.</summary>
    [JsonPropertyName("datatype")]
    public required string Datatype { get; init; }

    /// <summary>Dimensions.</summary>
    [JsonPropertyName("shape")]
    public required IReadOnlyList<long> Shape { get; init; }

    /// <summary>The elements in row-major order, nested or not; absent where the parameter <c>binary_data_size</c> says how many bytes behind the JSON are theirs.</summary>
    [JsonPropertyName("data")]
    public JsonElement Data { get; init; }

    /// <summary>Parameters, such as <c>binary_data_size</c>.</summary>
    [JsonPropertyName("parameters")]
    public JsonObject? Parameters { get; init; }
}

/// <summary>An output that an inference request wants.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed record InferenceOutputRequest
{
    /// <summary>Its name.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>Parameters: <c>binary_data</c>, <c>classification</c>.</summary>
    [JsonPropertyName("parameters")]
    public JsonObject? Parameters { get; init; }
}

/// <summary>The answer to an inference request. The server writes it straight from tensors; this record is for its readers.</summary>
public sealed record InferenceAnswer
{
    /// <summary>The model's name.</summary>
    [JsonPropertyName("model_name")]
    public required string ModelName { get; init; }

    /// <summary>The version that ran.</summary>
    [JsonPropertyName("model_version")]
    public required string ModelVersion { get; init; }

    /// <summary>The request's id; absent where it had none.</summary>
    [JsonPropertyName("id"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Id { get; init; }

    /// <summary>The outputs.</summary>
    [JsonPropertyName("outputs")]
    public required IReadOnlyList<InferenceOutput> Outputs { get; init; }
}

/// <summary>An output of an inference.</summary>
public sealed record InferenceOutput
{
    /// <summary>Its name.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>Element type, such as <c>FP32</c>.</summary>
    [JsonPropertyName("datatype")]
    public required string Datatype { get; init; }

    /// <summary>Dimensions.</summary>
    [JsonPropertyName("shape")]
    public required IReadOnlyList<long> Shape { get; init; }

    /// <summary>The elements in row-major order; absent where they follow the JSON as bytes.</summary>
    [JsonPropertyName("data"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<JsonElement>? Data { get; init; }

    /// <summary><c>binary_data_size</c>, where the elements follow the JSON; absent otherwise.</summary>
    [JsonPropertyName("parameters"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonObject? Parameters { get; init; }
}

/// <summary><c>POST /v2/repository/index</c>; the body may also be empty.</summary>
public sealed record RepositoryIndexRequest
{
    /// <summary>Whether only versions that can be served are wanted; all can.</summary>
    [JsonPropertyName("ready")]
    public JsonElement? Ready { get; init; }
}

/// <summary><c>POST /v2/repository/models/{model}/load</c> or <c>unload</c>; the body may also be empty.</summary>
public sealed record RepositoryRequest
{
    /// <summary>Parameters; those of a load are not supported.</summary>
    [JsonPropertyName("parameters")]
    public JsonElement? Parameters { get; init; }
}

/// <summary>Counts and durations of predictions, in Triton's statistics extension.</summary>
/// <param name="Models">A member for each version.</param>
public sealed record ModelStatisticsAnswer([property: JsonPropertyName("model_stats")] IReadOnlyList<VersionStatisticsAnswer> Models);

/// <summary>Counts and durations of one version's predictions on this server, since its start.</summary>
public sealed record VersionStatisticsAnswer
{
    /// <summary>The model's name.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>The version.</summary>
    [JsonPropertyName("version")]
    public required string Version { get; init; }

    /// <summary>When the last prediction succeeded, in milliseconds since 1970; 0 before the first.</summary>
    [JsonPropertyName("last_inference")]
    public required long LastInference { get; init; }

    /// <summary>Rows that were predicted.</summary>
    [JsonPropertyName("inference_count")]
    public required long InferenceCount { get; init; }

    /// <summary>Runs; requests that ran together had one.</summary>
    [JsonPropertyName("execution_count")]
    public required long ExecutionCount { get; init; }

    /// <summary>Durations by what was done.</summary>
    [JsonPropertyName("inference_stats")]
    public required InferenceStatisticsAnswer Inferences { get; init; }

    /// <summary>Durations by the rows of a run.</summary>
    [JsonPropertyName("batch_stats")]
    public required IReadOnlyList<BatchStatisticsAnswer> Batches { get; init; }

    /// <summary>Memory of the loaded model; empty while it is not loaded.</summary>
    [JsonPropertyName("memory_usage")]
    public required IReadOnlyList<MemoryUsageAnswer> Memory { get; init; }
}

/// <summary>Durations of a version's predictions, by what was done.</summary>
public sealed record InferenceStatisticsAnswer
{
    /// <summary>Requests that were answered, from headers to the last byte of the answer.</summary>
    [JsonPropertyName("success")]
    public required DurationAnswer Success { get; init; }

    /// <summary>Requests that failed.</summary>
    [JsonPropertyName("fail")]
    public required DurationAnswer Failure { get; init; }

    /// <summary>Waits for a run.</summary>
    [JsonPropertyName("queue")]
    public required DurationAnswer Queue { get; init; }

    /// <summary>Reading of inputs.</summary>
    [JsonPropertyName("compute_input")]
    public required DurationAnswer Input { get; init; }

    /// <summary>Runs.</summary>
    [JsonPropertyName("compute_infer")]
    public required DurationAnswer Infer { get; init; }

    /// <summary>Writing of outputs.</summary>
    [JsonPropertyName("compute_output")]
    public required DurationAnswer Output { get; init; }

    /// <summary>Answers from a cache: none, since this server has no such cache.</summary>
    [JsonPropertyName("cache_hit")]
    public required DurationAnswer CacheHit { get; init; }

    /// <summary>Lookups in a cache that found nothing: none, since this server has no such cache.</summary>
    [JsonPropertyName("cache_miss")]
    public required DurationAnswer CacheMiss { get; init; }
}

/// <summary>Durations of the runs with a number of rows.</summary>
public sealed record BatchStatisticsAnswer
{
    /// <summary>Rows of each run.</summary>
    [JsonPropertyName("batch_size")]
    public required long BatchSize { get; init; }

    /// <summary>Reading of the requests' inputs.</summary>
    [JsonPropertyName("compute_input")]
    public required DurationAnswer Input { get; init; }

    /// <summary>Runs.</summary>
    [JsonPropertyName("compute_infer")]
    public required DurationAnswer Infer { get; init; }

    /// <summary>Writing of the requests' outputs.</summary>
    [JsonPropertyName("compute_output")]
    public required DurationAnswer Output { get; init; }
}

/// <summary>How often something was done, and how long it took in all.</summary>
/// <param name="Count">How often.</param>
/// <param name="Nanoseconds">How long in all.</param>
public sealed record DurationAnswer([property: JsonPropertyName("count")] long Count, [property: JsonPropertyName("ns")] long Nanoseconds);

/// <summary>Memory that a loaded model counts with.</summary>
/// <param name="Type"><c>CPU</c>.</param>
/// <param name="Id">0.</param>
/// <param name="Bytes">The server's estimate, in bytes.</param>
public sealed record MemoryUsageAnswer(
    [property: JsonPropertyName("type")] string Type,
    [property: JsonPropertyName("id")] int Id,
    [property: JsonPropertyName("byte_size")] long Bytes);
