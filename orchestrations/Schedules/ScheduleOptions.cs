namespace Larder.Orchestrations;

/// <summary>How schedules are run (settings <c>Schedules:*</c>).</summary>
public sealed record ScheduleOptions
{
    /// <summary>Age from which an occurrence counts as missed: no server was there at its time. Longer than a restart takes.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Occurrences of one schedule that may wait to be run, those of a time without a server included.</summary>
    public int MaxWaiting { get; init; } = 100;

    /// <summary>The most jobs that are started each time that schedules are looked at; the rest comes the next time.</summary>
    public int MaxStarts { get; init; } = 100;

    /// <summary>The most schedules.</summary>
    public int MaxSchedules { get; init; } = 1000;

    /// <summary>Refuses values that make no sense.</summary>
    /// <exception cref="ArgumentException">One of them does.</exception>
    public void Validate()
    {
        // Occurrences within the grace are looked at one by one, and there can be one each second.
        ArgumentOutOfRangeException.ThrowIfLessThan(Grace, TimeSpan.FromSeconds(10));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Grace, TimeSpan.FromHours(1));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxWaiting, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxWaiting, 1000);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxStarts, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxSchedules, 0);
    }
}
