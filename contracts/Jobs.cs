using System.Text.Json;
using System.Text.Json.Serialization;

namespace Larder.Contracts;

/// <summary>A job.</summary>
public sealed record JobDetails
{
    /// <summary>Its id.</summary>
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    /// <summary>Its type, such as <c>train</c>.</summary>
    [JsonPropertyName("type")]
    public required string Type { get; init; }

    /// <summary><c>queued</c>, <c>running</c>, <c>succeeded</c>, <c>failed</c>, <c>canceled</c> or <c>timed_out</c>.</summary>
    [JsonPropertyName("state")]
    public required string State { get; init; }

    /// <summary>Why it ended so, in a sentence.</summary>
    [JsonPropertyName("reason")]
    public string? Reason { get; init; }

    /// <summary>The model that it is about.</summary>
    [JsonPropertyName("model")]
    public required string Model { get; init; }

    /// <summary>The version that it made or uses.</summary>
    [JsonPropertyName("version")]
    public int? Version { get; init; }

    /// <summary>The compiled version that it made.</summary>
    [JsonPropertyName("optimized_version")]
    public int? OptimizedVersion { get; init; }

    /// <summary>Its options, without secrets.</summary>
    [JsonPropertyName("options")]
    public required JsonElement Options { get; init; }

    /// <summary>Its input files.</summary>
    [JsonPropertyName("inputs")]
    public required IReadOnlyList<JobInputDetails> Inputs { get; init; }

    /// <summary>The address that its data set came from.</summary>
    [JsonPropertyName("source")]
    public string? Source { get; init; }

    /// <summary>The files that it left; absent in lists.</summary>
    [JsonPropertyName("outputs"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<JobOutputDetails>? Outputs { get; init; }

    /// <summary>Its steps; absent in lists.</summary>
    [JsonPropertyName("steps"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<JobStepDetails>? Steps { get; init; }

    /// <summary>Its attempts.</summary>
    [JsonPropertyName("attempts")]
    public required IReadOnlyList<JobAttemptDetails> Attempts { get; init; }

    /// <summary>Most attempts.</summary>
    [JsonPropertyName("max_attempts")]
    public required int MaxAttempts { get; init; }

    /// <summary>Metrics that its script wrote.</summary>
    [JsonPropertyName("metrics")]
    public required IReadOnlyDictionary<string, double> Metrics { get; init; }

    /// <summary>The id of the MLflow run that a training is; null for a job of another type, or before its first step.</summary>
    [JsonPropertyName("run")]
    public string? Run { get; init; }

    /// <summary>How the gate before the alias decided.</summary>
    [JsonPropertyName("gate")]
    public JobGateDetails? Gate { get; init; }

    /// <summary>What became of the compilation.</summary>
    [JsonPropertyName("compilation")]
    public string? Compilation { get; init; }

    /// <summary>Exit code of its last attempt.</summary>
    [JsonPropertyName("exit_code")]
    public int? ExitCode { get; init; }

    /// <summary>Where it runs: <c>process</c> or <c>container-instances</c>.</summary>
    [JsonPropertyName("backend")]
    public string? Backend { get; init; }

    /// <summary>The caller that submitted it.</summary>
    [JsonPropertyName("owner")]
    public string? Owner { get; init; }

    /// <summary>The job that it repeats.</summary>
    [JsonPropertyName("retry_of")]
    public string? RetryOf { get; init; }

    /// <summary>The schedule that submitted it.</summary>
    [JsonPropertyName("schedule")]
    public string? Schedule { get; init; }

    /// <summary>When a caller asked it to end.</summary>
    [JsonPropertyName("cancel_requested")]
    public DateTimeOffset? CancelRequested { get; init; }

    /// <summary>When it was accepted.</summary>
    [JsonPropertyName("created")]
    public required DateTimeOffset Created { get; init; }

    /// <summary>When it began.</summary>
    [JsonPropertyName("started")]
    public DateTimeOffset? Started { get; init; }

    /// <summary>When it ended.</summary>
    [JsonPropertyName("finished")]
    public DateTimeOffset? Finished { get; init; }

    /// <summary>What its orchestration does at this moment; only in the answer of one job that has not ended.</summary>
    [JsonPropertyName("status"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonElement? Status { get; init; }
}

/// <summary>An input file of a job.</summary>
public sealed record JobInputDetails
{
    /// <summary>What it is, such as <c>dataset</c>.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>The client's name of it.</summary>
    [JsonPropertyName("file_name")]
    public required string FileName { get; init; }

    /// <summary>SHA-256 of its bytes.</summary>
    [JsonPropertyName("sha256")]
    public required string Sha256 { get; init; }

    /// <summary>Its size.</summary>
    [JsonPropertyName("size_bytes")]
    public required long SizeBytes { get; init; }
}

/// <summary>A file that a job left.</summary>
public sealed record JobOutputDetails
{
    /// <summary>Its path below the outputs.</summary>
    [JsonPropertyName("path")]
    public required string Path { get; init; }

    /// <summary>Its size.</summary>
    [JsonPropertyName("size_bytes")]
    public required long SizeBytes { get; init; }

    /// <summary>SHA-256 of its bytes, as the job reported it.</summary>
    [JsonPropertyName("sha256")]
    public string? Sha256 { get; init; }

    /// <summary>ETag of the stored file when the job ended.</summary>
    [JsonPropertyName("etag")]
    public required string ETag { get; init; }
}

/// <summary>A step of a job.</summary>
public sealed record JobStepDetails
{
    /// <summary>Its name.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>The attempt that it belongs to.</summary>
    [JsonPropertyName("attempt")]
    public required int Attempt { get; init; }

    /// <summary>When it began.</summary>
    [JsonPropertyName("started")]
    public required DateTimeOffset Started { get; init; }

    /// <summary>When it ended.</summary>
    [JsonPropertyName("finished")]
    public DateTimeOffset? Finished { get; init; }

    /// <summary>What came of it.</summary>
    [JsonPropertyName("detail")]
    public string? Detail { get; init; }
}

/// <summary>An attempt of a job.</summary>
public sealed record JobAttemptDetails
{
    /// <summary>From 1.</summary>
    [JsonPropertyName("number")]
    public required int Number { get; init; }

    /// <summary>When it began.</summary>
    [JsonPropertyName("started")]
    public required DateTimeOffset Started { get; init; }

    /// <summary>When it ended.</summary>
    [JsonPropertyName("finished")]
    public DateTimeOffset? Finished { get; init; }

    /// <summary>Exit code of the script.</summary>
    [JsonPropertyName("exit_code")]
    public int? ExitCode { get; init; }

    /// <summary>Why it failed.</summary>
    [JsonPropertyName("reason")]
    public string? Reason { get; init; }
}

/// <summary>How the gate before an alias decided.</summary>
public sealed record JobGateDetails
{
    /// <summary>Whether the alias was moved.</summary>
    [JsonPropertyName("passed")]
    public required bool Passed { get; init; }

    /// <summary>The metric.</summary>
    [JsonPropertyName("metric")]
    public required string Metric { get; init; }

    /// <summary>Its value.</summary>
    [JsonPropertyName("value")]
    public double? Value { get; init; }

    /// <summary>The value that it had to reach.</summary>
    [JsonPropertyName("threshold")]
    public double? Threshold { get; init; }

    /// <summary>The alias or version that it was compared with.</summary>
    [JsonPropertyName("against")]
    public string? Against { get; init; }

    /// <summary>The number of that version.</summary>
    [JsonPropertyName("against_version")]
    public int? AgainstVersion { get; init; }

    /// <summary>The value of that version.</summary>
    [JsonPropertyName("against_value")]
    public double? AgainstValue { get; init; }

    /// <summary>The decision, in a sentence.</summary>
    [JsonPropertyName("reason")]
    public required string Reason { get; init; }
}

/// <summary>One job, or the job that a request started.</summary>
public sealed record JobAnswer : Answer
{
    /// <summary>The job.</summary>
    [JsonPropertyName("job")]
    public required JobDetails Job { get; init; }
}

/// <summary><c>GET /api/v1/jobs</c>: jobs, the newest first.</summary>
public sealed record JobListAnswer : Answer
{
    /// <summary>A page of jobs, without steps and outputs.</summary>
    [JsonPropertyName("jobs")]
    public required IReadOnlyList<JobDetails> Jobs { get; init; }

    /// <summary><c>?cursor=</c> of the next page; null at the last one.</summary>
    [JsonPropertyName("next_cursor")]
    public string? NextCursor { get; init; }

    /// <summary>How many jobs match the query.</summary>
    [JsonPropertyName("total")]
    public required int Total { get; init; }
}

/// <summary>A type of job.</summary>
public sealed record JobTypeDetails
{
    /// <summary>Its name, as a job has it.</summary>
    [JsonPropertyName("type")]
    public required string Type { get; init; }

    /// <summary>What such a job does.</summary>
    [JsonPropertyName("description")]
    public required string Description { get; init; }

    /// <summary>Method and path that submit one.</summary>
    [JsonPropertyName("submit")]
    public required string Submit { get; init; }

    /// <summary>Parts of the form that must be there.</summary>
    [JsonPropertyName("files")]
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>Parts that may be there.</summary>
    [JsonPropertyName("optional_files")]
    public required IReadOnlyList<string> OptionalFiles { get; init; }

    /// <summary>JSON Schema of the options: the form's field <c>options</c>, or the body.</summary>
    [JsonPropertyName("options")]
    public required JsonElement Options { get; init; }

    /// <summary>Whether schedules can run it.</summary>
    [JsonPropertyName("schedulable")]
    public required bool Schedulable { get; init; }

    /// <summary>Why they cannot; null when they can.</summary>
    [JsonPropertyName("not_schedulable")]
    public string? NotSchedulable { get; init; }
}

/// <summary><c>GET /api/v1/job-types</c>.</summary>
public sealed record JobTypeListAnswer : Answer
{
    /// <summary>All types.</summary>
    [JsonPropertyName("job_types")]
    public required IReadOnlyList<JobTypeDetails> JobTypes { get; init; }
}

/// <summary><c>GET /api/v1/jobs/{job}/inputs</c>.</summary>
public sealed record JobInputListAnswer : Answer
{
    /// <summary>The files that the job was given.</summary>
    [JsonPropertyName("inputs")]
    public required IReadOnlyList<JobInputDetails> Inputs { get; init; }

    /// <summary>Its options, without secrets.</summary>
    [JsonPropertyName("options")]
    public required JsonElement Options { get; init; }
}

/// <summary><c>GET /api/v1/jobs/{job}/outputs</c>.</summary>
public sealed record JobOutputListAnswer : Answer
{
    /// <summary>The files that the job left.</summary>
    [JsonPropertyName("outputs")]
    public required IReadOnlyList<JobOutputDetails> Outputs { get; init; }
}

/// <summary>A line of a job's log. It is short, since a log has many.</summary>
public sealed record JobLogLineDetails
{
    /// <summary>Number of the line, from 1.</summary>
    [JsonPropertyName("n")]
    public required long N { get; init; }

    /// <summary>When it was written.</summary>
    [JsonPropertyName("t")]
    public required DateTimeOffset T { get; init; }

    /// <summary><c>out</c>, <c>err</c>, or <c>sys</c> for Larder's own.</summary>
    [JsonPropertyName("s")]
    public required string S { get; init; }

    /// <summary>The text.</summary>
    [JsonPropertyName("m")]
    public required string M { get; init; }
}

/// <summary><c>GET /api/v1/jobs/{job}/logs</c>.</summary>
public sealed record JobLogAnswer : Answer
{
    /// <summary>The attempt.</summary>
    [JsonPropertyName("attempt")]
    public required int Attempt { get; init; }

    /// <summary>A page of lines.</summary>
    [JsonPropertyName("lines")]
    public required IReadOnlyList<JobLogLineDetails> Lines { get; init; }

    /// <summary><c>?after=</c> of the next page.</summary>
    [JsonPropertyName("next_after")]
    public required long NextAfter { get; init; }

    /// <summary>Whether no line will follow.</summary>
    [JsonPropertyName("is_end")]
    public required bool IsEnd { get; init; }
}

/// <summary><c>POST /api/v1/train/{model}</c> as JSON.</summary>
public sealed record TrainingRequest
{
    /// <summary>The Python script.</summary>
    [JsonPropertyName("script"), JsonRequired]
    public string Script { get; init; } = "";

    /// <summary>Contents of a requirements.txt.</summary>
    [JsonPropertyName("requirements")]
    public string? Requirements { get; init; }

    /// <summary>Address of the data set: <c>uploads/path</c>, <c>datasets/model/file</c> or a URL.</summary>
    [JsonPropertyName("dataset"), JsonRequired]
    public string Dataset { get; init; } = "";

    /// <summary>Options (<c>GET /api/v1/job-types</c>).</summary>
    [JsonPropertyName("options")]
    public JsonElement Options { get; init; } = default;
}

/// <summary>What asks for a job that reads a data set.</summary>
public abstract record DatasetJobBody
{
    /// <summary>Address of the data set: <c>uploads/path</c>, <c>datasets/model/file</c> or a URL.</summary>
    [JsonPropertyName("dataset"), JsonRequired]
    public string Dataset { get; init; } = "";

    /// <summary>Options (<c>GET /api/v1/job-types</c>).</summary>
    [JsonPropertyName("options")]
    public JsonElement Options { get; init; } = default;
}

/// <summary><c>POST /api/v1/models/{reference}/scoring</c> as JSON.</summary>
public sealed record ScoringRequest : DatasetJobBody;

/// <summary><c>POST /api/v1/models/{reference}/drift</c> as JSON.</summary>
public sealed record DriftRequest : DatasetJobBody;

/// <summary><c>POST /api/v1/admin/import</c> as JSON.</summary>
public sealed record ImportRequest
{
    /// <summary>Id of an export's job, <c>uploads/path</c> or a URL.</summary>
    [JsonPropertyName("source"), JsonRequired]
    public string Source { get; init; } = "";

    /// <summary>Options (<c>GET /api/v1/job-types</c>).</summary>
    [JsonPropertyName("options")]
    public JsonElement Options { get; init; } = default;
}
