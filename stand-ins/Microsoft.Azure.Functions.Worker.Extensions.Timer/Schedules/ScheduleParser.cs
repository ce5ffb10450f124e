using System.Globalization;
using Larder.Cron;

namespace Microsoft.Azure.Functions.Worker.Schedules;

/// <summary>Reads what stands in a timer trigger: an NCRONTAB expression or a TimeSpan.</summary>
internal static class ScheduleParser
{
    /// <param name="text">The schedule, with its <c>%settings%</c> already filled in.</param>
    /// <param name="zone">Whose clock an NCRONTAB expression means.</param>
    /// <exception cref="FormatException">It is neither: a sentence.</exception>
    public static ISchedule Parse(string text, TimeZoneInfo zone)
    {
        // NCRONTAB has fields with blanks in between, a TimeSpan has none: an error can speak of what was meant.
        if (text.Trim().Contains(' '))
        {
            try
            {
                return new CronSchedule(CronExpression.Parse(text), zone);
            }
            catch (FormatException error)
            {
                throw new FormatException($"the schedule '{text}' is not an NCRONTAB expression: {error.Message}.", error);
            }
        }

        if (!TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var interval))
        {
            throw new FormatException(
                $"the schedule '{text}' is neither an NCRONTAB expression such as '0 */5 * * * *' nor a time span such as '00:05:00'.");
        }

        return interval > TimeSpan.Zero
            ? new IntervalSchedule(interval)
            : throw new FormatException($"the schedule '{text}' is a time span that is not more than zero.");
    }
}
