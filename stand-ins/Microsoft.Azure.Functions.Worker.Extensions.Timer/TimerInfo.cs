namespace Microsoft.Azure.Functions.Worker;

/// <summary>What a timer tells the function that it invokes.</summary>
public class TimerInfo
{
    /// <summary>Where the timer is in its schedule; null when the trigger does not keep it (UseMonitor, or more than one run a minute).</summary>
    public ScheduleStatus? ScheduleStatus { get; set; }

    /// <summary>True when this makes up for an occurrence that nobody was there to run.</summary>
    public bool IsPastDue { get; set; }
}
