using System.Text.Json;
using System.Text.Json.Serialization;

namespace Larder.Registry.Jobs;

/// <summary>One training, scoring or pipeline execution, as it is stored and shown: an orchestration instance with inputs, logs and outputs.</summary>
public record Job
{
    /// <summary>Sixteen lower-case letters and digits; ids sort newest first (<see cref="JobId"/>).</summary>
    public required string Id { get; init; }

    /// <summary>What kind of job: <c>train</c>, <c>ingest</c>, <c>upload</c>, <c>dataset</c>, <c>score</c>, <c>export</c>, <c>import</c>.</summary>
    public required string Type { get; init; }

    /// <summary>Its state.</summary>
    public required JobState State { get; init; }

    /// <summary>The reason of its state, and what was noted about its results, in sentences; null without any.</summary>
    public string? Reason { get; init; }

    /// <summary>
    /// The model that it makes or uses; <c>*</c> for a job that is about all of them. It is text: a job of a dropped blob has what the blob's path begins with, and fails
    /// when that is no model's name.
    /// </summary>
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

    /// <summary>The id of the run that a training is, in the experiment that is named after the model; null for a job of another type, or before its first step.</summary>
    public string? Run { get; init; }

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

    /// <summary>When a caller cancelled it.</summary>
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

    /// <summary>A caller cancelled it, and nothing of it runs any more.</summary>
    [JsonStringEnumMemberName("canceled")] Canceled,

    /// <summary>It ran longer than it may, and was ended.</summary>
    [JsonStringEnumMemberName("timed_out")] TimedOut,
}

/// <summary>A file that a job was given, stored as an artifact.</summary>
/// <param name="Name">What it is for: <c>script</c>, <c>requirements</c>, <c>dataset</c>.</param>
/// <param name="FileName">What the client called it, without folders; never used as a path as it is.</param>
/// <param name="Sha256">SHA-256 of its bytes.</param>
/// <param name="SizeBytes">Its size in bytes.</param>
public sealed record JobInput(string Name, string FileName, string Sha256, long SizeBytes);

/// <summary>A file that a job left.</summary>
/// <param name="Path">Relative, with forward slashes.</param>
/// <param name="SizeBytes">Its size in bytes.</param>
/// <param name="Sha256">SHA-256 of its bytes, as the job reported it; null where it is not known.</param>
/// <param name="ETag">Of the stored file when the job ended; a file that has another by now is not what the job left.</param>
public sealed record JobOutput(string Path, long SizeBytes, string? Sha256, [property: JsonPropertyName("etag")] string ETag);

/// <summary>A step of a job.</summary>
/// <param name="Name">Which: <c>wait</c>, <c>stage</c>, <c>start</c>, <c>run</c>, <c>collect</c>, <c>find</c>, <c>validate</c>, <c>compile</c>, <c>register</c>, <c>gate</c>, <c>report</c>, <c>clean_up</c>;
/// of a scoring <c>fetch</c>, <c>plan</c>, <c>score</c>, <c>merge</c>, <c>clean_up</c>.</param>
/// <param name="Attempt">In which attempt; 0 for those that belong to none.</param>
/// <param name="Started">When it began.</param>
/// <param name="Finished">When it ended; null while it runs.</param>
/// <param name="Detail">What came of it, in a sentence, when there is something to say.</param>
public sealed record JobStep(string Name, int Attempt, DateTimeOffset Started, DateTimeOffset? Finished = null, string? Detail = null);

/// <summary>An attempt of a job.</summary>
/// <param name="Number">1, 2, 3 ...</param>
/// <param name="Started">When its code began to run.</param>
/// <param name="Finished">When that ended.</param>
/// <param name="ExitCode">Of the script.</param>
/// <param name="Reason">Why it failed, in a sentence.</param>
public sealed record JobAttempt(int Number, DateTimeOffset Started, DateTimeOffset? Finished = null, int? ExitCode = null, string? Reason = null);

/// <summary>What decided whether an alias moves to a new version.</summary>
/// <param name="Passed">Whether it may.</param>
/// <param name="Metric">The metric that was compared.</param>
/// <param name="Value">Of the new version; null when it has none.</param>
/// <param name="Threshold">That it had to reach, when one was asked for.</param>
/// <param name="Against">The alias or version that it had to be at least as good as, when one was asked for.</param>
/// <param name="AgainstVersion">The version that this stood for.</param>
/// <param name="AgainstValue">Its metric; null when it has none.</param>
/// <param name="Reason">The decision, in a sentence.</param>
public sealed record JobGate(
    bool Passed, string Metric, double? Value, double? Threshold, string? Against, int? AgainstVersion, double? AgainstValue, string Reason);
