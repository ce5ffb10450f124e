namespace Larder.Cron;

/// <summary>
/// A cron expression on the clock of a time zone. Where that clock is changed it does what the real host's timer extension does
/// (https://github.com/Azure/azure-webjobs-sdk-extensions/pull/908, CronSchedule.cs):
/// a time that the clock skips in spring comes as much later as the clock was put forward (02:30 at 03:30);
/// a time that the clock repeats in autumn comes once, at the first, when the expression means times of day, and at both when it
/// runs through the hours (<see cref="CronExpression.RunsThroughRepeatedHour"/>).
/// </summary>
/// <param name="expression">When.</param>
/// <param name="zone">On whose clock.</param>
public sealed class CronSchedule(CronExpression expression, TimeZoneInfo zone) : ISchedule
{
    /// <inheritdoc/>
    public bool IsSubMinute => expression.IsSubMinute;

    /// <inheritdoc/>
    public DateTimeOffset? NextAfter(DateTimeOffset moment)
    {
        // Occurrences are at whole seconds; and in the last millisecond before a change, .NET's zones are no more the one and not yet the other.
        moment = moment.AddTicks(-(moment.UtcTicks % TimeSpan.TicksPerSecond));
        var local = TimeZoneInfo.ConvertTime(moment, zone);
        for (var time = expression.NextAfter(local.DateTime); time is not null; time = expression.NextAfter(time.Value))
        {
            if (MomentOf(time.Value, moment) is { } next)
                return Sooner(InSkippedHour(moment, local), InRepeatedHour(local, time.Value) ?? next);
        }

        return InSkippedHour(moment, local);
    }

    /// <summary>The last occurrence up to a moment, that moment included; null when there is none after another moment, that one excluded.</summary>
    /// <param name="after">Where to begin.</param>
    /// <param name="until">Where to end.</param>
    /// <remarks>However many there are in between, it looks for some thirty to forty of them.</remarks>
    public DateTimeOffset? LastBetween(DateTimeOffset after, DateTimeOffset until)
    {
        if (NextAfter(after) is not { } last || last > until)
            return null;

        // After `last` there is one up to the end, as far as known; after `end` there is none.
        var end = until;
        while (end - last > TimeSpan.FromSeconds(1))
        {
            var middle = last + (end - last) / 2;
            if (NextAfter(middle) is { } next && next <= until)
                last = next;
            else
                end = middle;
        }

        return NextAfter(last) is { } one && one <= until ? one : last;
    }

    /// <inheritdoc/>
    public override string ToString() => expression.ToString();

    // When the clock shows a time, after a moment; null when it does so only before.
    private DateTimeOffset? MomentOf(DateTime time, DateTimeOffset after)
    {
        if (zone.IsAmbiguousTime(time))
        {
            var offsets = zone.GetAmbiguousTimeOffsets(time);
            var first = new DateTimeOffset(time, offsets.Max());
            if (first > after)
                return first;
            return expression.RunsThroughRepeatedHour ? new DateTimeOffset(time, offsets.Min()) : null;
        }

        // A skipped time has the offset of before the change, so the clock shows it moved forward by the change.
        var moment = TimeZoneInfo.ConvertTime(new DateTimeOffset(time, zone.GetUtcOffset(time)), zone);
        return moment > after ? moment : null;
    }

    // Just after the clock was put forward, the rest of the skipped times is still to come, each as much later.
    private DateTimeOffset? InSkippedHour(DateTimeOffset moment, DateTimeOffset local)
    {
        var before = zone.GetUtcOffset(moment.AddDays(-1));
        var skipped = local.DateTime - (local.Offset - before);
        return zone.IsInvalidTime(skipped) && expression.NextAfter(skipped) is { } next && zone.IsInvalidTime(next)
            ? TimeZoneInfo.ConvertTime(new DateTimeOffset(next, before), zone)
            : null;
    }

    private static DateTimeOffset Sooner(DateTimeOffset? one, DateTimeOffset other) => one < other ? one.Value : other;

    // The clock runs forward to `time`, but before that it may be put back, and then an earlier time comes again.
    private DateTimeOffset? InRepeatedHour(DateTimeOffset local, DateTime time)
    {
        if (!expression.RunsThroughRepeatedHour || zone.IsAmbiguousTime(time) || !zone.IsAmbiguousTime(local.DateTime))
            return null;
        var offsets = zone.GetAmbiguousTimeOffsets(local.DateTime);
        var back = offsets.Min();
        if (local.Offset == back)
            return null;

        var again = expression.NextAfter(ChangeAfter(local, offsets.Max() - back, back).DateTime.AddSeconds(-1));
        return again is not null && zone.IsAmbiguousTime(again.Value) ? new DateTimeOffset(again.Value, back) : null;
    }

    // The moment within a span at which the offset becomes another, to the second, as the clock shows it after.
    private DateTimeOffset ChangeAfter(DateTimeOffset moment, TimeSpan span, TimeSpan offset)
    {
        var (before, after) = (0L, (long)span.TotalSeconds);
        var start = new DateTimeOffset(moment.UtcTicks - moment.UtcTicks % TimeSpan.TicksPerSecond, TimeSpan.Zero);
        while (after - before > 1)
        {
            var middle = (before + after) / 2;
            if (zone.GetUtcOffset(start.AddSeconds(middle)) == offset)
                after = middle;
            else
                before = middle;
        }

        return start.AddSeconds(after).ToOffset(offset);
    }
}
