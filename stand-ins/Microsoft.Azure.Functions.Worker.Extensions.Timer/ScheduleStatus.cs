namespace Microsoft.Azure.Functions.Worker;

/// <summary>Where a timer is in its schedule. All times are UTC.</summary>
public class ScheduleStatus
{
    /// <summary>The last time that it was invoked; default when it never was.</summary>
    public DateTime Last { get; set; }

    /// <summary>Its next occurrence.</summary>
    public DateTime Next { get; set; }

    /// <summary>When this was last written.</summary>
    public DateTime LastUpdated { get; set; }
}
