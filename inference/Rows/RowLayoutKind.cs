using System.Text.Json.Serialization;

namespace Larder.Inference.Rows;

/// <summary>What a row of an output is.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RowLayoutKind>))]
public enum RowLayoutKind
{
    /// <summary>A number of values, always the same.</summary>
    [JsonStringEnumMemberName("values")] Values,

    /// <summary>A map with always the same keys.</summary>
    [JsonStringEnumMemberName("map")] Map,

    /// <summary>Something else.</summary>
    [JsonStringEnumMemberName("json")] Json,
}
