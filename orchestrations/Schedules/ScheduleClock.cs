using System.Text.RegularExpressions;
using Larder.Cron;
using Larder.Registry;

namespace Larder.Orchestrations;

/// <summary>When a schedule's occurrences are. Times have the offset that the schedule's time zone has then.</summary>
public sealed partial class ScheduleClock
{
    private readonly CronSchedule schedule;

    private ScheduleClock(CronSchedule schedule) => this.schedule = schedule;

    /// <summary>The clock of a cron expression and a time zone.</summary>
    /// <param name="cron">Five fields as crontab(5) has them, or six, with seconds first, as timer triggers have them.</param>
    /// <param name="timeZone">An IANA name that this machine knows.</param>
    /// <exception cref="InvalidRequestException">One of them is none, or no occurrence would ever come.</exception>
    public static ScheduleClock Of(string cron, string timeZone)
    {
        if (!ZoneName().IsMatch(timeZone) || !TimeZoneInfo.TryFindSystemTimeZoneById(timeZone, out var zone))
            throw new InvalidRequestException("time_zone must be the IANA name of a time zone, such as UTC or Europe/Berlin; the server knows none of the given name.");
        try
        {
            var expression = CronExpression.ParseStandard(cron);
            return expression.IsPossible
                ? new ScheduleClock(new CronSchedule(expression, zone))
                : throw new InvalidRequestException("cron names a day that no month has: it would never run.");
        }
        catch (FormatException e)
        {
            throw new InvalidRequestException($"cron must be an expression such as '30 2 * * *' or, with seconds first, '0 30 2 * * *': {e.Message}.");
        }
    }

    /// <summary>The first occurrence after a moment; null when there is none.</summary>
    public DateTimeOffset? NextAfter(DateTimeOffset moment) => schedule.NextAfter(moment);

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
        while (newest.Count < count && schedule.LastBetween(after, until) is { } one)
        {
            newest.AddFirst(one);
            until = one.AddTicks(-1);
        }

        return [.. newest];
    }

    // What is looked for below the folder of the machine's time zones must not lead out of it.
    [GeneratedRegex(@"^[A-Za-z0-9_+-]{1,32}(/[A-Za-z0-9_+-]{1,32}){0,2}\z")]
    private static partial Regex ZoneName();
}
