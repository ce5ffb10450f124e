using System.Text.Json;
using System.Text.Json.Serialization;

namespace Larder.Registry.Jobs;

/// <summary>One training, scoring or pipeline execution, as it is stored and shown: an orchestration instance with inputs, logs and outputs.</summary>
public sealed record Job
{
    /// <summary>Sixteen lower-case letters and digits; ids sort newest first (<see cref="JobId"/>).</summary>
    public required string Id { get; init; }

    /// <summary>What kind of job: <c>train</c>, <c>ingest</c>, <c>upload</c>, <c>dataset</c>, <c>score</c>, <c>export</c>, <c>import</c>.</summary>
    public required string Type { get; init; }

    /// <summary>Where it is.</summary>
    public required JobState State { get; init; }

    /// <summary>Why it is where it is, in a sentence, when there is something to say.</summary>
    public string? Reason { get; init; }

    /// <summary>The model that it makes or uses; <c>*</c> for a job that is about all of them.</summary>
    public required string Model { get; init; }

    /// <summary>The version that it made; for a scoring the one that it scores with, from its beginning.</summary>
    public int? Version { get; init; }

    /// <summary>The optimised version beside it.</summary>
    public int? OptimizedVersion { get; init; }

    /// <summary>Its options as they were given, with every secret value as <c>"***"</c>.</summary>
    public JsonElement Options { get; init; }

    /// <summary>The files that it was given.</summary>
    public IReadOnlyList<JobInput> Inputs { get; init; } = [];

    /// <summary>Where its data set is to be fetched from, if it did not come with the request: <c>{container}/{path}</c>, with <c>@{ETag}</c> where that is pinned, or a URL without its query.</summary>
    public string? Source { get; init; }

    /// <summary>The files that its last attempt left.</summary>
    public IReadOnlyList<JobOutput> Outputs { get; init; } = [];

    /// <summary>What it does, step by step, in the order of their beginning; those of all attempts.</summary>
    public IReadOnlyList<JobStep> Steps { get; init; } = [];

    /// <summary>Its attempts so far.</summary>
    public IReadOnlyList<JobAttempt> Attempts { get; init; } = [];

    /// <summary>The most attempts it may have.</summary>
    public int MaxAttempts { get; init; } = 1;

    /// <summary>What the script reported in <c>metrics.json</c>; <c>rows</c> and <c>errors</c> of a scoring.</summary>
    public IReadOnlyDictionary<string, double> Metrics { get; init; } = new Dictionary<string, double>();

    /// <summary>What the gate decided, and on which numbers.</summary>
    public JobGate? Gate { get; init; }

    /// <summary>What came of the compilation.</summary>
    public string? Compilation { get; init; }

    /// <summary>Exit code of the last attempt's script.</summary>
    public int? ExitCode { get; init; }

    /// <summary>Where it runs: <c>process</c>, <c>container-instances</c>.</summary>
    public string? Backend { get; init; }

    /// <summary>Who asked for it.</summary>
    public string? Owner { get; init; }

    /// <summary>The job whose inputs and options it runs again.</summary>
    public string? RetryOf { get; init; }

    /// <summary>Id of the schedule that asked for it. The schedule may be deleted since.</summary>
    public string? Schedule { get; init; }

    /// <summary>When somebody asked to end it.</summary>
    public DateTimeOffset? CancelRequested { get; init; }

    /// <summary>When it was accepted.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>When its code began to run for the first time.</summary>
    public DateTimeOffset? Started { get; init; }

    /// <summary>When it reached its final state.</summary>
    public DateTimeOffset? Finished { get; init; }

    /// <summary>Id of the orchestration instance: the job's. Stored, since servers of earlier releases require it.</summary>
    public string InstanceId => Id;

    /// <summary>Whether the state will never change again.</summary>
    [JsonIgnore]
    public bool IsFinal => State is not (JobState.Queued or JobState.Running);
}
