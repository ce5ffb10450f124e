using Larder.Inference.Limits;

namespace Larder.Orchestrations.Schedules;

/// <summary>How schedules are run (settings <c>Schedules:*</c>).</summary>
public sealed record ScheduleOptions
{
    /// <summary>Age from which an occurrence counts as missed: no server was there at its time. Longer than a restart takes.</summary>
    [Between("00:00:10", "01:00:00")]
    public TimeSpan Grace { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Occurrences of one schedule that may wait to be run, those of a time without a server included.</summary>
    [Between(1, 1000)]
    public int MaxWaiting { get; init; } = 100;

    /// <summary>The most jobs that are started each time that schedules are looked at; the rest comes the next time.</summary>
    [AtLeast(1)]
    public int MaxStarts { get; init; } = 100;

    /// <summary>The most schedules.</summary>
    [AtLeast(0)]
    public int MaxSchedules { get; init; } = 1000;
}
