using System.Text.Json.Serialization;

namespace Larder.Orchestrations.Compute.Processes;

/// <summary><c>lease.json</c> of an attempt: which machine runs it, and until when no other may count it as lost.</summary>
internal sealed record AttemptLease
{
    /// <summary>Id of the folder of tasks that the machine keeps (<see cref="MachineId"/>).</summary>
    public required string Machine { get; init; }

    /// <summary>The machine's name, for logs.</summary>
    public required string Host { get; init; }

    /// <summary>When it runs out unless it is renewed.</summary>
    public required DateTimeOffset Expires { get; init; }

    /// <summary>How far the attempt is.</summary>
    public required AttemptStage Stage { get; init; }

    /// <summary>A server that does not run it asks the one that does to stop it.</summary>
    public bool StopRequested { get; init; }

    /// <summary>A server that does not run it asks the one that does to remove it.</summary>
    public bool DeleteRequested { get; init; }

    /// <summary>How it ended; null while the server that runs it has not seen its end.</summary>
    public TaskExit? Exit { get; init; }

    /// <summary>Whether nothing of the attempt is to run any more.</summary>
    [JsonIgnore]
    public bool IsOver => Stage is AttemptStage.Deleted or AttemptStage.Lost;
}

/// <summary>How far an attempt is.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AttemptStage>))]
internal enum AttemptStage
{
    /// <summary>The machine has the attempt, and perhaps no process of it yet.</summary>
    [JsonStringEnumMemberName("starting")] Starting,

    /// <summary>The machine has started its process.</summary>
    [JsonStringEnumMemberName("started")] Started,

    /// <summary>The machine has removed its process and its folder.</summary>
    [JsonStringEnumMemberName("deleted")] Deleted,

    /// <summary>The lease ran out, and another server said so. If the machine comes back, it kills the process.</summary>
    [JsonStringEnumMemberName("lost")] Lost,
}
