namespace Larder.Host.Timers;

/// <summary>Where a timer is in its schedule, as it is kept in storage.</summary>
/// <param name="Last">When it was last invoked; default when it never was.</param>
/// <param name="Next">The occurrence that follows; the end of time when there is none.</param>
/// <param name="LastUpdated">From when <paramref name="Next"/> was reckoned.</param>
internal sealed record TimerStatus(DateTimeOffset Last, DateTimeOffset Next, DateTimeOffset LastUpdated)
{
    /// <summary>What a function gets to see.</summary>
    public ScheduleStatus ToScheduleStatus() =>
        new() { Last = Last.UtcDateTime, Next = Next.UtcDateTime, LastUpdated = LastUpdated.UtcDateTime };
}
