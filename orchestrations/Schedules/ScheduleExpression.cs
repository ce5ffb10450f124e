using Cronos;
using Larder.Registry.Errors;

namespace Larder.Orchestrations.Schedules;

/// <summary>
/// Reads the cron expressions that schedules take: five fields, six with seconds first, or a macro such as <c>@daily</c>, as Cronos has them
/// (https://github.com/HangfireIO/Cronos), except what means something else elsewhere.
/// </summary>
internal static class ScheduleExpression
{
    private const string Example = "cron must be an expression such as '30 2 * * *' or, with seconds first, '0 30 2 * * *'";

    private const int MaxLength = 256;

    // Cronos' calendar ends in 2499. Dates fall on the same days of the week again after 400 years, so what has not come by then never does.
    private static readonly DateTime CalendarStart = new(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    /// <summary>Reads an expression.</summary>
    /// <exception cref="InvalidRequestException">The text is no expression, is ambiguous, or names a day that never comes: what would be right, in a sentence.</exception>
    public static CronExpression Parse(string text)
    {
        if (text.Length > MaxLength || text.Any(c => !char.IsBetween(c, ' ', '~') && c != '\t'))
            throw new InvalidRequestException($"{Example}: it has at most {MaxLength} characters, all of them ASCII.");
        // Of a character that is wrong, Cronos repeats it.
        text = text.Replace('\t', ' ');
        var fields = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (fields is not [['@', ..]])
        {
            if (fields.Length is not (5 or 6))
                throw new InvalidRequestException($"{Example}: it has {fields.Length} fields, but takes five, or six with the second before these.");
            RequireOneMeaning(fields);
        }

        var expression = Read(text, fields.Length == 5 ? CronFormat.Standard : CronFormat.IncludeSeconds);
        return expression.GetNextOccurrence(CalendarStart) is null
            ? throw new InvalidRequestException("cron names a day that no month has: it would never run.")
            : expression;
    }

    /// <summary>Why a schedule cannot have an expression, in a sentence; null when it can.</summary>
    public static string? RefusalOf(string text)
    {
        try
        {
            Parse(text);
            return null;
        }
        catch (InvalidRequestException e)
        {
            return e.Message;
        }
    }

    private static CronExpression Read(string text, CronFormat format)
    {
        try
        {
            return CronExpression.Parse(text, format);
        }
        catch (CronFormatException e)
        {
            throw new InvalidRequestException($"{Example}. {e.Message.Replace("character '\0'", "end", StringComparison.Ordinal)} Names of months and days have three letters: JAN, MON.");
        }
        catch (MissingSeedException)
        {
            throw new InvalidRequestException($"{Example}. H, a value that the server picks, is not supported: write the number.");
        }
    }

    private static void RequireOneMeaning(string[] fields)
    {
        var (day, month, dayOfWeek) = (fields[^3], fields[^2], fields[^1]);

        // Standard cron tests the first character too: after it, both fields must match, here as there.
        if (fields.Length == 5 && day[0] is not ('*' or '?') && dayOfWeek[0] is not ('*' or '?'))
        {
            var time = $"{fields[0]} {fields[1]}";
            throw new InvalidRequestException(
                $"cron restricts the day of the month ('{day}') and the day of the week ('{dayOfWeek}'), and programs differ in what that means. "
                + $"For the days on which both match, write six fields: '0 {time} {day} {month} {dayOfWeek}'. "
                + $"For the days on which one of them matches, make two schedules: '{time} {day} {month} *' and '{time} * {month} {dayOfWeek}'.");
        }

        if (dayOfWeek.Split(',').FirstOrDefault(one => one.IndexOf('/') > 0 && one[0] != '*' && !one.Contains('-')) is { } open)
        {
            throw new InvalidRequestException(
                $"cron has a day of the week with a step and no end, '{open}', and programs differ in whether it reaches Sunday: write a range such as 1-6/2.");
        }
    }
}
