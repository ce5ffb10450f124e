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
