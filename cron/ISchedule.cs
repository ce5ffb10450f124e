namespace Larder.Cron;

/// <summary>When a timer fires.</summary>
public interface ISchedule
{
    /// <summary>The first occurrence after a moment, that moment excluded; null when there is none, ever.</summary>
    DateTimeOffset? NextAfter(DateTimeOffset moment);

    /// <summary>
    /// True when it fires more than once a minute. Such a timer catches up by itself, so its last run is not kept (as the real
    /// host's TimerSchedule decides).
    /// </summary>
    bool IsSubMinute { get; }
}
