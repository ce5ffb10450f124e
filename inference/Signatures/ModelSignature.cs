using System.Text.Json.Serialization;

namespace Larder.Inference.Signatures;

/// <summary>The inputs and outputs of a model, in the order of its ONNX graph.</summary>
/// <param name="Inputs">What a prediction must be given; always tensors.</param>
/// <param name="Outputs">What a prediction answers; tensors, sequences or maps.</param>
public sealed record ModelSignature(IReadOnlyList<ValueSignature> Inputs, IReadOnlyList<ValueSignature> Outputs)
{
    /// <summary>What a prediction may be given besides: initializers of the file that are graph inputs, too (IR version 4 and later). Without a value, the file's own counts.</summary>
    // Documents of earlier releases have none, and generated deserializers then set null.
    public IReadOnlyList<ValueSignature> OptionalInputs { get; init => field = value ?? []; } = [];

    /// <summary>The inputs, and behind them the optional ones.</summary>
    [JsonIgnore]
    public IEnumerable<ValueSignature> AllInputs => Inputs.Concat(OptionalInputs);
}

/// <summary>Name and type of one input or output of a model.</summary>
public sealed record ValueSignature
{
    /// <summary>The name in the ONNX graph; empty for an element of a sequence.</summary>
    public required string Name { get; init; }

    /// <summary>Tensor, sequence or map.</summary>
    public required ValueKind Kind { get; init; }

    /// <summary>Element type of a tensor, or of a map's values; null for a sequence.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Datatype? Datatype { get; init; }

    /// <summary>Dimensions of a tensor, -1 where they vary; null for a sequence or map.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<long>? Shape { get; init; }

    /// <summary>Type of a map's keys.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Datatype? KeyDatatype { get; init; }

    /// <summary>Type of a sequence's elements.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ValueSignature? Element { get; init; }

    /// <summary>True when the first dimension varies: one run can carry several observations.</summary>
    [JsonIgnore]
    public bool HasVariableBatch => Shape is [-1, ..];

    /// <summary>The type as messages name it: <c>FP32 [-1,4]</c>, <c>sequence(map(INT64,FP32))</c>.</summary>
    [JsonIgnore]
    public string TypeName => Kind switch
    {
        ValueKind.Sequence => $"sequence({Element!.TypeName})",
        ValueKind.Map => $"map({KeyDatatype!.Value.Name()},{Datatype!.Value.Name()})",
        _ => $"{Datatype!.Value.Name()} [{string.Join(',', Shape!)}]",
    };
}

/// <summary>What an input or output of a model is.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ValueKind>))]
public enum ValueKind
{
    /// <summary>A dense tensor: the only kind an input may have.</summary>
    [JsonStringEnumMemberName("tensor")] Tensor,

    /// <summary>A list of values of one type, as scikit-learn's ZipMap makes.</summary>
    [JsonStringEnumMemberName("sequence")] Sequence,

    /// <summary>A map from scalars to scalars.</summary>
    [JsonStringEnumMemberName("map")] Map,
}
