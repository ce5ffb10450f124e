using System.Text.Json.Serialization;

namespace Larder.Registry.Schedules;

/// <summary>What becomes of an occurrence while a job of the same schedule has not ended.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<OverlapPolicy>))]
public enum OverlapPolicy
{
    /// <summary>It is not run.</summary>
    [JsonStringEnumMemberName("skip")] Skip,

    /// <summary>It waits for that job's end.</summary>
    [JsonStringEnumMemberName("queue")] Queue,

    /// <summary>It is run beside it.</summary>
    [JsonStringEnumMemberName("allow")] Allow,
}
