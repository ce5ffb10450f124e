using System.Text.Json.Serialization;

namespace Larder.Registry.Schedules;

/// <summary>What became of an occurrence of a schedule.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RunOutcome>))]
public enum RunOutcome
{
    /// <summary>It is a job.</summary>
    [JsonStringEnumMemberName("started")] Started,

    /// <summary>The overlap policy, or a pause, left it out.</summary>
    [JsonStringEnumMemberName("skipped")] Skipped,

    /// <summary>No server was there, and it is not made up for.</summary>
    [JsonStringEnumMemberName("missed")] Missed,

    /// <summary>No job could be made of it.</summary>
    [JsonStringEnumMemberName("failed")] Failed,
}
