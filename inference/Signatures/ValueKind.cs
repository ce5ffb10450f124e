using System.Text.Json.Serialization;

namespace Larder.Inference.Signatures;

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
