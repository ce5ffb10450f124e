using Larder.Cron;

namespace Microsoft.Azure.Functions.Worker.Schedules;

/// <summary>A fixed time after the last start: <c>00:05:00</c>.</summary>
/// <param name="interval">More than zero.</param>
internal sealed class IntervalSchedule(TimeSpan interval) : ISchedule
{
    /// <inheritdoc/>
    public bool IsSubMinute => interval < TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    public DateTimeOffset? NextAfter(DateTimeOffset moment) =>
        interval <= DateTimeOffset.MaxValue - moment ? moment + interval : null;

    /// <inheritdoc/>
    public override string ToString() => $"every {interval:c}";
}
