using System.Text.Json.Serialization;
using Larder.Registry.Access;
using Larder.Registry.Audit;
using Larder.Registry.Jobs;

namespace Larder.Registry.Schedules;

/// <summary>When a job is run again and again, and how far that is. It is stored whole, in one document.</summary>
public sealed record Schedule
{
    /// <summary>Sixteen lower-case letters and digits; ids sort newest first (<see cref="JobId"/>).</summary>
    public required string Id { get; init; }

    /// <summary>What people call it.</summary>
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

    /// <summary>What becomes of occurrences at whose time no server was there.</summary>
    public MissedPolicy Missed { get; init; }

    /// <summary>Whether it runs; false while it is paused.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Who owns it, and its jobs.</summary>
    public string? Owner { get; init; }

    /// <summary>Who said last what it runs, with role and scope at that time: its jobs are made with these rights, and no more.</summary>
    public Caller? Maker { get; init; }

    /// <summary>As whom its jobs are made. Earlier releases did not keep who made a schedule, and took contributors' only.</summary>
    [JsonIgnore]
    public Caller ActsAs => Maker ?? new Caller(Owner ?? $"schedule:{Id}", Role.Contributor);

    /// <summary>When it was made.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>When somebody changed it last.</summary>
    public required DateTimeOffset Updated { get; init; }

    /// <summary>1, 2, 3 ...: counts what people change, and not what runs do.</summary>
    public int Revision { get; init; } = 1;

    /// <summary>How far it is.</summary>
    public ScheduleProgress Progress { get; init; } = new();

    /// <summary>Somebody deleted it: to be found by nobody, it waits until that is in the audit log.</summary>
    [JsonInclude]
    internal bool Deleted { get; init; }

    /// <summary>Records of people's changes that may not be in the log yet.</summary>
    [JsonInclude]
    internal AuditOutbox Outbox { get; init; } = new();
}
