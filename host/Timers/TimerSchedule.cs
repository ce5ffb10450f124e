using System.Globalization;
using System.Text.RegularExpressions;
using Cronos;

namespace Larder.Host.Timers;

/// <summary>When a timer fires: an NCRONTAB expression on the clock of a time zone, read by Cronos, or a fixed time after the last start.</summary>
internal sealed partial class TimerSchedule
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly string _text;
    private readonly TimeZoneInfo _zone;
    private readonly CronExpression? _cron;
    private readonly TimeSpan _interval;

    /// <param name="text">The schedule of a timer trigger, with its <c>%settings%</c> already filled in.</param>
    /// <param name="zone">Whose clock an NCRONTAB expression means.</param>
    /// <exception cref="FormatException">It is neither: a sentence.</exception>
    public TimerSchedule(string text, TimeZoneInfo zone)
    {
        (_text, _zone) = (text.Trim(), zone);

        // NCRONTAB has fields with blanks in between, a TimeSpan has none: an error can speak of what was meant.
        var fields = _text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length > 1)
        {
            if (Array.Find(fields, field => !NcrontabField().IsMatch(field)) is { } foreign)
                throw new FormatException($"the schedule '{text}' is not an NCRONTAB expression: '{foreign}' is not made of *, numbers, and three-letter names of months or days, joined by - / and commas.");
            try
            {
                _cron = CronExpression.Parse(_text, fields.Length == 6 ? CronFormat.IncludeSeconds : CronFormat.Standard);
            }
            catch (CronFormatException error)
            {
                throw new FormatException($"the schedule '{text}' is not an NCRONTAB expression: {error.Message}", error);
            }

            IsSubMinute = fields.Length == 6 && !int.TryParse(fields[0], CultureInfo.InvariantCulture, out _);
            return;
        }

        if (!TimeSpan.TryParse(_text, CultureInfo.InvariantCulture, out _interval))
        {
            throw new FormatException(
                $"the schedule '{text}' is neither an NCRONTAB expression such as '0 */5 * * * *' nor a time span such as '00:05:00'.");
        }

        if (_interval <= TimeSpan.Zero)
            throw new FormatException($"the schedule '{text}' is a time span that is not more than zero.");
        IsSubMinute = _interval < Minute;
    }

    /// <summary>Whether occurrences can be less than a minute apart: their status is not stored then, as with the Functions host.</summary>
    public bool IsSubMinute { get; }

    /// <summary>The first occurrence after a moment; null when there is none.</summary>
    public DateTimeOffset? NextAfter(DateTimeOffset moment) =>
        _cron is not null ? _cron.GetNextOccurrence(moment, _zone)
        : _interval <= DateTimeOffset.MaxValue - moment ? moment + _interval
        : null;

    /// <inheritdoc/>
    public override string ToString() => _cron is not null ? $"{_text}, {_zone.Id}" : $"every {_interval:c}";

    // Cronos takes more than NCRONTAB has (L, W, #, ?): such a schedule would run here and not on the Functions host.
    [GeneratedRegex(@"^(\*|[0-9]+|[A-Za-z]{3})([,/-](\*|[0-9]+|[A-Za-z]{3}))*$")]
    private static partial Regex NcrontabField();
}
