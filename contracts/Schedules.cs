using System.Text.Json;
using System.Text.Json.Serialization;

namespace Larder.Contracts;

/// <summary>A schedule.</summary>
public sealed record ScheduleDetails
{
    /// <summary>Its id.</summary>
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    /// <summary>Its name.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>Free text.</summary>
    [JsonPropertyName("description")]
    public required string Description { get; init; }

    /// <summary>When it runs: a cron expression with five fields.</summary>
    [JsonPropertyName("cron")]
    public required string Cron { get; init; }

    /// <summary>IANA name of the zone of that.</summary>
    [JsonPropertyName("time_zone")]
    public required string TimeZone { get; init; }

    /// <summary>The job that it runs.</summary>
    [JsonPropertyName("job")]
    public required ScheduledJobDetails Job { get; init; }

    /// <summary>While the run before has not ended: <c>skip</c>, <c>queue</c> or <c>allow</c>.</summary>
    [JsonPropertyName("overlap")]
    public required string Overlap { get; init; }

    /// <summary>Of runs that no server was there for: <c>once</c>, <c>all</c> or <c>none</c>.</summary>
    [JsonPropertyName("missed")]
    public required string Missed { get; init; }

    /// <summary>Whether it runs; false while it is paused.</summary>
    [JsonPropertyName("enabled")]
    public required bool Enabled { get; init; }

    /// <summary>The caller that it belongs to.</summary>
    [JsonPropertyName("owner")]
    public string? Owner { get; init; }

    /// <summary>The caller whose role and scope its jobs have.</summary>
    [JsonPropertyName("maker")]
    public CallerDetails? Maker { get; init; }

    /// <summary>When it was created.</summary>
    [JsonPropertyName("created")]
    public required DateTimeOffset Created { get; init; }

    /// <summary>When it was changed last.</summary>
    [JsonPropertyName("updated")]
    public required DateTimeOffset Updated { get; init; }

    /// <summary>Counts changes; the ETag.</summary>
    [JsonPropertyName("revision")]
    public required int Revision { get; init; }

    /// <summary>When it runs next; null while it is paused.</summary>
    [JsonPropertyName("next_run")]
    public DateTimeOffset? NextRun { get; init; }

    /// <summary>Runs that wait for the one before.</summary>
    [JsonPropertyName("waiting")]
    public required IReadOnlyList<DateTimeOffset> Waiting { get; init; }

    /// <summary>Its newest run that began or failed.</summary>
    [JsonPropertyName("last_run")]
    public ScheduleRunDetails? LastRun { get; init; }
}

/// <summary>The job that a schedule runs.</summary>
public sealed record ScheduledJobDetails
{
    /// <summary>Type of the job.</summary>
    [JsonPropertyName("type")]
    public required string Type { get; init; }

    /// <summary>The model.</summary>
    [JsonPropertyName("model")]
    public required string Model { get; init; }

    /// <summary>Options, without secrets.</summary>
    [JsonPropertyName("options")]
    public JsonElement? Options { get; init; }

    /// <summary>What the job is given.</summary>
    [JsonPropertyName("inputs")]
    public required ScheduledInputDetails Inputs { get; init; }
}

/// <summary>What a scheduled job is given.</summary>
public sealed record ScheduledInputDetails
{
    /// <summary>A job whose inputs are taken.</summary>
    [JsonPropertyName("job")]
    public string? Job { get; init; }

    /// <summary>A version whose job's inputs are taken.</summary>
    [JsonPropertyName("version")]
    public string? Version { get; init; }

    /// <summary>Address of a data set.</summary>
    [JsonPropertyName("dataset")]
    public string? Dataset { get; init; }

    /// <summary>A blob.</summary>
    [JsonPropertyName("blob")]
    public string? Blob { get; init; }
}

/// <summary>A caller, with the rights of the time when it was noted.</summary>
public sealed record CallerDetails
{
    /// <summary>Its name.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>Its role.</summary>
    [JsonPropertyName("role")]
    public required string Role { get; init; }

    /// <summary>The models that it is limited to; null for all.</summary>
    [JsonPropertyName("scope")]
    public ScopeDetails? Scope { get; init; }
}

/// <summary>A run of a schedule.</summary>
public sealed record ScheduleRunDetails
{
    /// <summary>Counts runs.</summary>
    [JsonPropertyName("number")]
    public required int Number { get; init; }

    /// <summary>When it was to run.</summary>
    [JsonPropertyName("due")]
    public required DateTimeOffset Due { get; init; }

    /// <summary>When the first of several that are told as one was to run.</summary>
    [JsonPropertyName("since")]
    public DateTimeOffset? Since { get; init; }

    /// <summary>How many are told as one.</summary>
    [JsonPropertyName("count")]
    public required int Count { get; init; }

    /// <summary>When it was handled.</summary>
    [JsonPropertyName("at")]
    public required DateTimeOffset At { get; init; }

    /// <summary><c>started</c>, <c>skipped</c>, <c>missed</c> or <c>failed</c>.</summary>
    [JsonPropertyName("outcome")]
    public required string Outcome { get; init; }

    /// <summary>Why, or what the job says.</summary>
    [JsonPropertyName("reason")]
    public string? Reason { get; init; }

    /// <summary>The job.</summary>
    [JsonPropertyName("job")]
    public string? Job { get; init; }

    /// <summary>Whether a caller asked for it.</summary>
    [JsonPropertyName("manual")]
    public required bool Manual { get; init; }

    /// <summary>The job's state; null when there is no job any more.</summary>
    [JsonPropertyName("state")]
    public string? State { get; init; }

    /// <summary>The version that the job made or used.</summary>
    [JsonPropertyName("version")]
    public int? Version { get; init; }

    /// <summary>When the job ended.</summary>
    [JsonPropertyName("finished")]
    public DateTimeOffset? Finished { get; init; }
}

/// <summary>One schedule.</summary>
public sealed record ScheduleAnswer : Answer
{
    /// <summary>The schedule.</summary>
    [JsonPropertyName("schedule")]
    public required ScheduleDetails Schedule { get; init; }

    /// <summary>The next times that it runs; only in the answer of <c>GET</c>.</summary>
    [JsonPropertyName("next_runs"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<DateTimeOffset>? NextRuns { get; init; }
}

/// <summary><c>GET /api/v1/schedules</c>: schedules, the newest first.</summary>
public sealed record ScheduleListAnswer : Answer
{
    /// <summary>A page of schedules.</summary>
    [JsonPropertyName("schedules")]
    public required IReadOnlyList<ScheduleDetails> Schedules { get; init; }

    /// <summary><c>?cursor=</c> of the next page; null at the last one.</summary>
    [JsonPropertyName("next_cursor")]
    public string? NextCursor { get; init; }

    /// <summary>How many schedules match the query.</summary>
    [JsonPropertyName("total")]
    public required int Total { get; init; }
}

/// <summary><c>GET /api/v1/schedules/{schedule}/runs</c>: the newest runs first.</summary>
public sealed record ScheduleRunListAnswer : Answer
{
    /// <summary>A page of runs.</summary>
    [JsonPropertyName("runs")]
    public required IReadOnlyList<ScheduleRunDetails> Runs { get; init; }

    /// <summary><c>?cursor=</c> of the next page; null at the last one.</summary>
    [JsonPropertyName("next_cursor")]
    public string? NextCursor { get; init; }
}

/// <summary>A schedule as requests describe it. In a change, what is left out stays.</summary>
public sealed record ScheduleRequest
{
    /// <summary>Its name.</summary>
    [JsonPropertyName("name")]
    public string? Name { get; init; }

    /// <summary>Free text.</summary>
    [JsonPropertyName("description")]
    public string? Description { get; init; }

    /// <summary>When it runs.</summary>
    [JsonPropertyName("cron")]
    public string? Cron { get; init; }

    /// <summary>IANA name of the zone of that.</summary>
    [JsonPropertyName("time_zone")]
    public string? TimeZone { get; init; }

    /// <summary>The job that it runs.</summary>
    [JsonPropertyName("job")]
    public ScheduledJobRequest? Job { get; init; }

    /// <summary><c>skip</c>, <c>queue</c> or <c>allow</c>.</summary>
    [JsonPropertyName("overlap")]
    public string? Overlap { get; init; }

    /// <summary><c>once</c>, <c>all</c> or <c>none</c>.</summary>
    [JsonPropertyName("missed")]
    public string? Missed { get; init; }

    /// <summary>Whether it runs.</summary>
    [JsonPropertyName("enabled")]
    public bool? Enabled { get; init; }

    /// <summary>The caller that it belongs to.</summary>
    [JsonPropertyName("owner")]
    public string? Owner { get; init; }
}

/// <summary>The job that a schedule is to run.</summary>
public sealed record ScheduledJobRequest
{
    /// <summary>Type of the job.</summary>
    [JsonPropertyName("type")]
    public string? Type { get; init; }

    /// <summary>The model.</summary>
    [JsonPropertyName("model")]
    public string? Model { get; init; }

    /// <summary>Options.</summary>
    [JsonPropertyName("options")]
    public JsonElement? Options { get; init; }

    /// <summary>What the job is given.</summary>
    [JsonPropertyName("inputs")]
    public ScheduledInputDetails? Inputs { get; init; }
}
