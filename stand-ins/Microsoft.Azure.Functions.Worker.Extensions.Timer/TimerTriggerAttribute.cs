using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Runs a function on a schedule.</summary>
/// <param name="schedule">
/// An NCRONTAB expression (<c>0 */5 * * * *</c>), a time span (<c>00:05:00</c>), or the setting that holds one (<c>%Schedule%</c>).
/// </param>
public sealed class TimerTriggerAttribute(string schedule) : TriggerBindingAttribute
{
    /// <summary>The schedule.</summary>
    public string Schedule { get; } = schedule;

    /// <summary>Runs the function when the host starts too.</summary>
    public bool RunOnStartup { get; set; }

    /// <summary>
    /// Keeps the last run in storage, so that an occurrence that was missed is made up for. Not kept anyway when the schedule has
    /// more than one a minute.
    /// </summary>
    public bool UseMonitor { get; set; } = true;
}
