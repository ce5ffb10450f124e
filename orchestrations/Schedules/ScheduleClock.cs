using System.Text.RegularExpressions;
using Cronos;
using Larder.Registry.Errors;

namespace Larder.Orchestrations.Schedules;

/// <summary>When a schedule's occurrences are. Times have the offset that the schedule's time zone has then. What happens when its clock is changed is Cronos' rule: docs/schedules.md.</summary>
public sealed partial class ScheduleClock
{
    private readonly CronExpression _expression;
    private readonly TimeZoneInfo _zone;

    private ScheduleClock(CronExpression expression, TimeZoneInfo zone) => (_expression, _zone) = (expression, zone);

    /// <summary>The clock of a cron expression and a time zone.</summary>
    /// <param name="cron">Five fields, six with seconds first, or a macro such as <c>@daily</c>.</param>
    /// <param name="timeZone">An IANA name that this machine knows.</param>
    /// <exception cref="InvalidRequestException">One of them is none, or no occurrence would ever come.</exception>
    public static ScheduleClock Of(string cron, string timeZone) => new(ScheduleExpression.Parse(cron), ZoneOf(timeZone));

    /// <summary>A time zone by its IANA name.</summary>
    /// <exception cref="InvalidRequestException">This machine knows none of that name.</exception>
    internal static TimeZoneInfo ZoneOf(string timeZone) =>
        ZoneName().IsMatch(timeZone) && TimeZoneInfo.TryFindSystemTimeZoneById(timeZone, out var zone)
            ? zone
            : throw new InvalidRequestException("time_zone must be the IANA name of a time zone, such as UTC or Europe/Berlin; the server knows none of the given name.");

    /// <summary>The first occurrence after a moment; null when there is none.</summary>
    public DateTimeOffset? NextAfter(DateTimeOffset moment) => _expression.GetNextOccurrence(moment, _zone);

    /// <summary>The first occurrences after a moment, in order.</summary>
    public IReadOnlyList<DateTimeOffset> Next(DateTimeOffset moment, int count)
    {
        var next = new List<DateTimeOffset>(count);
        while (next.Count < count && NextAfter(moment) is { } one)
        {
            next.Add(one);
            moment = one;
        }

        return next;
    }

    /// <summary>The occurrences after a moment up to another, in order.</summary>
    public IEnumerable<DateTimeOffset> Between(DateTimeOffset after, DateTimeOffset until)
    {
        for (var next = NextAfter(after); next <= until; next = NextAfter(next.Value))
            yield return next.Value;
    }

    /// <summary>The newest occurrences after a moment up to another, in order. Its cost grows with how many are asked for, not with how many there are.</summary>
    public IReadOnlyList<DateTimeOffset> Newest(DateTimeOffset after, DateTimeOffset until, int count)
    {
        var newest = new LinkedList<DateTimeOffset>();
        while (newest.Count < count && LastBetween(after, until) is { } one)
        {
            newest.AddFirst(one);
            until = one.AddTicks(-1);
        }

        return [.. newest];
    }

    // Cronos' own search backwards gives another time than its search forwards for an occurrence that the clock skips.
    private DateTimeOffset? LastBetween(DateTimeOffset after, DateTimeOffset until)
    {
        if (NextAfter(after) is not { } last || last > until)
            return null;

        // There may be another after `last` and up to `end`; after `end` there is none.
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

    // What is looked for below the folder of the machine's time zones must not lead out of it.
    [GeneratedRegex(@"^[A-Za-z0-9_+-]{1,32}(/[A-Za-z0-9_+-]{1,32}){0,2}\z")]
    private static partial Regex ZoneName();
}
