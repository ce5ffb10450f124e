using System.Text.Json;
using System.Text.Json.Serialization;
using Larder.Registry.Access;
using Larder.Registry.Audit;
using Larder.Registry.Jobs;
using Larder.Registry.Models;

namespace Larder.Registry.Schedules;

/// <summary>A job that runs at times of a cron expression, with its progress. It is stored whole, in one document.</summary>
public sealed record Schedule
{
    /// <summary>Sixteen lower-case letters and digits; ids sort newest first (<see cref="JobId"/>).</summary>
    public required string Id { get; init; }

    /// <summary>Its display name.</summary>
    public required string Name { get; init; }

    /// <summary>Free text; empty when there is none.</summary>
    public string Description { get; init; } = "";

    /// <summary>A cron expression: five fields, six with seconds first, or a macro.</summary>
    public required string Cron { get; init; }

    /// <summary>IANA name of the time zone whose clock the expression means: <c>Europe/Berlin</c>.</summary>
    public required string TimeZone { get; init; }

    /// <summary>What is run.</summary>
    public required ScheduledJob Job { get; init; }

    /// <summary>Values that are masked in the job's options, by name. Never shown.</summary>
    public IReadOnlyDictionary<string, string> Secrets { get; init; } = new Dictionary<string, string>();

    /// <summary>What becomes of an occurrence while a job of an earlier one has not ended.</summary>
    public OverlapPolicy Overlap { get; init; }

    /// <summary>What becomes of occurrences at whose time no server was running.</summary>
    public MissedPolicy Missed { get; init; }

    /// <summary>Whether it runs; false while it is paused.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Who owns it, and its jobs.</summary>
    public string? Owner { get; init; }

    /// <summary>The caller that last changed what it runs, with role and scope at that time: its jobs have these rights and no more.</summary>
    public Caller? Maker { get; init; }

    /// <summary>The caller that its jobs run as. Earlier releases did not store the maker, and took schedules from contributors only.</summary>
    [JsonIgnore]
    public Caller ActsAs => Maker ?? new Caller(Owner ?? $"schedule:{Id}", Role.Contributor);

    /// <summary>When it was made.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>When a caller changed it last.</summary>
    public required DateTimeOffset Updated { get; init; }

    /// <summary>1, 2, 3 ...: counts changes by callers, not the progress of runs.</summary>
    public int Revision { get; init; } = 1;

    /// <summary>How far it is.</summary>
    public ScheduleProgress Progress { get; init; } = new();

    /// <summary>It is deleted (soft delete): readers do not see it, and the document is removed when the deletion is in the audit log.</summary>
    [JsonInclude]
    internal bool Deleted { get; init; }

    /// <summary>Audit records of changes that may not be in the log yet.</summary>
    [JsonInclude]
    internal AuditOutbox Outbox { get; init; } = new();
}

/// <summary>What a schedule runs.</summary>
public sealed record ScheduledJob
{
    /// <summary>Type of the job: <c>train</c>, <c>score</c>, <c>ingest</c> ...</summary>
    public required string Type { get; init; }

    /// <summary>The model that it makes or uses, as <see cref="Job.Model"/> has it.</summary>
    public required string Model { get; init; }

    /// <summary>Its options, with every secret value as <c>"***"</c>; null for those of the job in <see cref="Inputs"/>.</summary>
    public JsonElement? Options { get; init; }

    /// <summary>What it is given.</summary>
    public ScheduledInputs Inputs { get; init; } = new();

    /// <summary>Whether it needs a model, or, where the reference has a number, that version of it.</summary>
    internal bool Needs(ModelReference reference)
    {
        var named = Inputs.Version is { } version ? ModelReference.Parse(version) : null;
        return reference.Version is { } number
            ? named?.Name == reference.Name && named.Version == number
            : Model == reference.Name || named?.Name == reference.Name;
    }
}

/// <summary>Where the inputs of a scheduled job come from, each time that it is run.</summary>
public sealed record ScheduledInputs
{
    /// <summary>Id of the job whose inputs it takes.</summary>
    public string? Job { get; init; }

    /// <summary>A reference, such as <c>iris:3</c> or <c>iris:champion</c>: the inputs of the job that made this version.</summary>
    public string? Version { get; init; }

    /// <summary>
    /// A data set that is read anew each time, in the place of another: a file below <c>uploads/</c>, an uploaded data set (<c>datasets/{model}/{file_name}</c>),
    /// or a URL without a query.
    /// </summary>
    public string? Dataset { get; init; }

    /// <summary>A file below <c>uploads/</c> that is a model, or an archive with one.</summary>
    public string? Blob { get; init; }
}

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

/// <summary>What becomes of occurrences at whose time no server was running.</summary>
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
