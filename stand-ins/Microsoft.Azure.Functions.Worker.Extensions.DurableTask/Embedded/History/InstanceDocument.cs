using System.Text.Json.Serialization;
using Microsoft.DurableTask.Client;

namespace Microsoft.DurableTask.Embedded;

/// <summary>
/// All that is known of an instance: one blob, whose replacement (if unchanged since) is the one write that commits a turn. What does not fit
/// stands in blobs of its own, written before and referred to from here.
/// </summary>
internal sealed record InstanceDocument
{
    /// <summary>Its id.</summary>
    public required string Instance { get; init; }

    /// <summary>Its orchestrator.</summary>
    public required string Name { get; init; }

    /// <summary>Which of the executions under this id, each of which was scheduled anew.</summary>
    public required string Execution { get; init; }

    /// <summary>How often the execution has begun anew.</summary>
    public int Generation { get; init; }

    /// <summary>Which write this is: with it, one whose answer was lost is recognised.</summary>
    public required string Commit { get; init; }

    /// <summary>How far it is.</summary>
    public required OrchestrationRuntimeStatus Status { get; init; }

    /// <summary>When it was scheduled.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>When this was written.</summary>
    public required DateTimeOffset Updated { get; init; }

    /// <summary>When it may begin, if not at once.</summary>
    public DateTimeOffset? StartAt { get; init; }

    /// <summary>Its version.</summary>
    public string Version { get; init; } = "";

    /// <summary>Its tags.</summary>
    public IReadOnlyDictionary<string, string>? Tags { get; init; }

    /// <summary>Who called it.</summary>
    public ParentLink? Parent { get; init; }

    /// <summary>The id of the message that started it, if one did.</summary>
    public string? Start { get; init; }

    /// <summary>Its input.</summary>
    public Payload? Input { get; init; }

    /// <summary>Its output.</summary>
    public Payload? Output { get; init; }

    /// <summary>What its code last gave to SetCustomStatus.</summary>
    public Payload? CustomStatus { get; init; }

    /// <summary>How it failed.</summary>
    public FailureRecord? Failure { get; init; }

    /// <summary>Whether this generation has blobs of its own.</summary>
    public bool HasBlobs { get; init; }

    /// <summary>The older episodes.</summary>
    public IReadOnlyList<Segment> Segments { get; init; } = [];

    /// <summary>The newer episodes.</summary>
    public IReadOnlyList<Episode> Tail { get; init; } = [];

    /// <summary>What has happened and is not in an episode yet: of an instance that may not run.</summary>
    public IReadOnlyList<Arrival> Waiting { get; init; } = [];

    /// <summary>What it has for others.</summary>
    public IReadOnlyList<OutboxMessage> Outbox { get; init; } = [];

    /// <summary>Ids of messages that it has got, as long as they may come again.</summary>
    public IReadOnlyList<string> Received { get; init; } = [];

    /// <summary>Whether it has begun, as those see it who wait for that.</summary>
    [JsonIgnore]
    public bool HasStarted => Status != OrchestrationRuntimeStatus.Pending;

    /// <summary>Whether it has ended.</summary>
    [JsonIgnore]
    public bool IsFinal => Status is OrchestrationRuntimeStatus.Completed or OrchestrationRuntimeStatus.Failed or OrchestrationRuntimeStatus.Terminated;

    /// <summary>Whether a host has something to do for it.</summary>
    [JsonIgnore]
    public bool IsActive => !IsFinal || Outbox.Count > 0;

    /// <summary>Whether its code has not run yet, in this generation.</summary>
    [JsonIgnore]
    public bool IsFresh => Tail.Count == 0 && Segments.Count == 0;

    /// <summary>How many events its history has.</summary>
    [JsonIgnore]
    public int EventCount => Segments.Sum(segment => segment.Events) + Tail.Sum(episode => episode.EventCount);
}
