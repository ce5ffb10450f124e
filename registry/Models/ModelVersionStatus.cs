using System.Text.Json.Serialization;

namespace Larder.Registry.Models;

/// <summary>Whether a version can be served.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ModelVersionStatus>))]
public enum ModelVersionStatus
{
    /// <summary>On its way.</summary>
    [JsonStringEnumMemberName("PENDING")] Pending,

    /// <summary>Complete, validated and hashed.</summary>
    [JsonStringEnumMemberName("READY")] Ready,

    /// <summary>It will never be served.</summary>
    [JsonStringEnumMemberName("FAILED")] Failed,
}
