namespace Larder.Cron;

/// <summary>
/// A cron expression: on which days, and at which times of them. Knows no time zone: <see cref="CronSchedule"/> does.
/// </summary>
/// <remarks>
/// <see cref="Parse"/> reads NCRONTAB, <c>{second} {minute} {hour} {day} {month} {day-of-week}</c>, as Azure Functions documents it
/// (https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer#ncrontab-expressions). There a day must match both of its fields:
/// NCrontab's TryGetNextOccurrence moves on to the next day unless the day-of-week field contains the day that the others gave (CrontabSchedule.cs). So
/// <c>0 0 0 13 * Fri</c> is Friday the 13th. <see cref="ParseStandard"/> reads five fields as crontab(5) has them, where a day matches either of the
/// two when neither is <c>*</c>.
/// </remarks>
public sealed class CronExpression
{
    private static readonly CronFieldKind[] Kinds =
        [CronFieldKind.Second, CronFieldKind.Minute, CronFieldKind.Hour, CronFieldKind.Day, CronFieldKind.Month, CronFieldKind.DayOfWeek];

    // The longest month of each: a day that even a leap year's month has not never comes.
    private static readonly int[] LongestMonths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

    private readonly string text;
    private readonly CronField seconds, minutes, hours, days, months, daysOfWeek;
    private readonly bool eitherDay;

    private CronExpression(string text, string[] parts, bool eitherDay)
    {
        this.text = text;
        this.eitherDay = eitherDay;
        CronField[] fields = [.. Kinds.Select((kind, i) => CronFieldParser.Parse(kind, parts[i]))];
        (seconds, minutes, hours, days, months, daysOfWeek) = (fields[0], fields[1], fields[2], fields[3], fields[4], fields[5]);
        IsPossible = eitherDay || Enumerable.Range(1, 12).Any(month => months.Contains(month) && days.First <= LongestMonths[month - 1]);
    }

    /// <summary>
    /// False when no month has such a day: <c>0 0 0 30 2 *</c>. All others come: within 400 years, after which the calendar repeats,
    /// every date has fallen on every day of the week.
    /// </summary>
    public bool IsPossible { get; }

    /// <summary>
    /// True for a schedule that runs through an hour that the clock repeats, false for one that means a time of day. The real host's
    /// rule (CronSchedule.IsInterval): NCrontab's normalised text of seconds, minutes or hours has a <c>*</c> or a range.
    /// </summary>
    public bool RunsThroughRepeatedHour => seconds.HasNeighbours || minutes.HasNeighbours || hours.HasNeighbours;

    /// <summary>True when it fires more than once in some minute.</summary>
    public bool IsSubMinute => (seconds.Values & (seconds.Values - 1)) != 0;

    /// <summary>Reads NCRONTAB: six fields; or five, which are one without seconds, as the real host takes them.</summary>
    /// <exception cref="FormatException">The text is no such expression: a sentence, without a full stop, that names the field and what it takes.</exception>
    public static CronExpression Parse(string text)
    {
        var parts = Split(text);
        if (parts.Length == Kinds.Length - 1)
            parts = ["0", .. parts];
        return parts.Length == Kinds.Length
            ? new(text, parts, eitherDay: false)
            : throw new FormatException($"it has {parts.Length} fields, but takes six: {Names(Kinds)}");
    }

    /// <summary>
    /// Reads five fields as crontab(5) does, at second 0: with a day and a day of the week that do not begin with <c>*</c>, a day matches when one of
    /// them does. Six fields are NCRONTAB.
    /// </summary>
    /// <exception cref="FormatException">The text is no such expression: a sentence, without a full stop, that names the field and what it takes.</exception>
    public static CronExpression ParseStandard(string text)
    {
        var parts = Split(text);
        return parts.Length switch
        {
            6 => Parse(text),
            5 => new(text, ["0", .. parts], eitherDay: parts[2][0] != '*' && parts[4][0] != '*'),
            _ => throw new FormatException(
                $"it has {parts.Length} fields, but takes five: {Names(Kinds.Skip(1))}; or six, with {{{CronFieldKind.Second.Name}}} before these"),
        };
    }

    /// <summary>The first match after a time of the clock, that time excluded; null when there is none up to the year 9999.</summary>
    public DateTime? NextAfter(DateTime time)
    {
        var now = new DateTime(time.Ticks - time.Ticks % TimeSpan.TicksPerSecond);
        if (!IsPossible || now >= DateTime.MaxValue.AddSeconds(-1))
            return null;
        now = now.AddSeconds(1);

        if (DayFrom(now.Date) is not { } day)
            return null;
        if (day == now.Date)
        {
            if (TimeFrom(now.Hour, now.Minute, now.Second) is { } later)
                return day + later;
            if (day == DateTime.MaxValue.Date || DayFrom(day.AddDays(1)) is not { } next)
                return null;
            day = next;
        }

        return day + new TimeSpan(hours.First, minutes.First, seconds.First);
    }

    /// <inheritdoc/>
    public override string ToString() => text;

    private DateTime? DayFrom(DateTime date)
    {
        var day = date.Day;
        var month = date.Month;
        for (var year = date.Year; year <= DateTime.MaxValue.Year; year++, month = 1)
        {
            for (; month <= 12; month++, day = 1)
            {
                if (!months.Contains(month))
                    continue;
                var length = DateTime.DaysInMonth(year, month);
                for (; day <= length; day++)
                {
                    var candidate = new DateTime(year, month, day);
                    if (Matches(candidate))
                        return candidate;
                }
            }
        }

        return null;
    }

    private bool Matches(DateTime date)
    {
        var (byDay, byDayOfWeek) = (days.Contains(date.Day), daysOfWeek.Contains((int)date.DayOfWeek));
        return eitherDay ? byDay || byDayOfWeek : byDay && byDayOfWeek;
    }

    private static string[] Split(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static string Names(IEnumerable<CronFieldKind> kinds) => string.Join(' ', kinds.Select(kind => $"{{{kind.Name}}}"));

    private TimeSpan? TimeFrom(int hour, int minute, int second)
    {
        if (hours.Contains(hour))
        {
            if (minutes.Contains(minute) && seconds.From(second) is { } sameMinute)
                return new(hour, minute, sameMinute);
            if (minutes.From(minute + 1) is { } sameHour)
                return new(hour, sameHour, seconds.First);
        }

        return hours.From(hour + 1) is { } sameDay ? new TimeSpan(sameDay, minutes.First, seconds.First) : null;
    }
}
