using System.Text.Json.Serialization;

namespace Larder.Registry.Schedules;

/// <summary>What becomes of occurrences at whose time no server was there.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<MissedPolicy>))]
public enum MissedPolicy
{
    /// <summary>The newest of them is run.</summary>
    [JsonStringEnumMemberName("once")] Once,

    /// <summary>All of them are run, in order, as far as there is room for them to wait.</summary>
    [JsonStringEnumMemberName("all")] All,

    /// <summary>None is run.</summary>
    [JsonStringEnumMemberName("none")] None,
}
