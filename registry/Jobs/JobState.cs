using System.Text.Json.Serialization;

namespace Larder.Registry.Jobs;

/// <summary>Where a job is. The last four are final: they never change.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<JobState>))]
public enum JobState
{
    /// <summary>Accepted; its code does not run yet.</summary>
    [JsonStringEnumMemberName("queued")] Queued,

    /// <summary>Its code runs, or what follows it.</summary>
    [JsonStringEnumMemberName("running")] Running,

    /// <summary>It did what it was asked for.</summary>
    [JsonStringEnumMemberName("succeeded")] Succeeded,

    /// <summary>It could not; <see cref="Job.Reason"/> says why.</summary>
    [JsonStringEnumMemberName("failed")] Failed,

    /// <summary>Somebody ended it, and nothing of it runs any more.</summary>
    [JsonStringEnumMemberName("canceled")] Canceled,

    /// <summary>It ran longer than it may, and was ended.</summary>
    [JsonStringEnumMemberName("timed_out")] TimedOut,
}
