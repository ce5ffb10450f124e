using Larder.Registry.Schedules;

namespace Larder.Orchestrations.Schedules;

/// <summary>What is asked of a schedule. What is null stays as it is, or, for a whole one, is what it usually is.</summary>
public sealed record SchedulePatch
{
    /// <summary>What people call it.</summary>
    public string? Name { get; init; }

    /// <summary>Free text.</summary>
    public string? Description { get; init; }

    /// <summary>When.</summary>
    public string? Cron { get; init; }

    /// <summary>On whose clock; usually <c>UTC</c>.</summary>
    public string? TimeZone { get; init; }

    /// <summary>What is run.</summary>
    public ScheduledJob? Job { get; init; }

    /// <summary>While an earlier job has not ended; usually skipped.</summary>
    public OverlapPolicy? Overlap { get; init; }

    /// <summary>After a time without a server; usually once.</summary>
    public MissedPolicy? Missed { get; init; }

    /// <summary>Whether it runs; usually.</summary>
    public bool? Enabled { get; init; }

    /// <summary>Who owns it.</summary>
    public string? Owner { get; init; }
}
