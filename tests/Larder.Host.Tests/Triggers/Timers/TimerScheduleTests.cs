using System.Globalization;
using Larder.Host.Timers;

namespace Larder.Host.Tests.Triggers.Timers;

public class TimerScheduleTests
{
    private static readonly DateTimeOffset Noon = new(2024, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_time_span_is_an_interval_from_the_last_start()
    {
        var schedule = new TimerSchedule("00:05:00", TimeZoneInfo.Utc);

        Assert.Equal(Noon.AddMinutes(5), schedule.NextAfter(Noon));
        Assert.False(schedule.IsSubMinute);
        Assert.Null(schedule.NextAfter(DateTimeOffset.MaxValue));
    }

    [Theory]
    [InlineData("00:00:59.999", true)]
    [InlineData("00:01:00", false)]
    [InlineData("*/30 * * * * *", true)]
    [InlineData("0,30 * * * * *", true)]
    [InlineData("30 * * * * *", false)]
    [InlineData("*/5 * * * *", false)]
    public void More_than_one_run_a_minute_is_known(string schedule, bool isSubMinute) =>
        Assert.Equal(isSubMinute, new TimerSchedule(schedule, TimeZoneInfo.Utc).IsSubMinute);

    // 2024-01-01 is a Monday.
    [Theory]
    [InlineData("*/10 * * * * *", "2024-01-01 12:00:10", "2024-01-01 12:00:20")]
    [InlineData("5/20 * * * * *", "2024-01-01 12:00:05", "2024-01-01 12:00:25")]
    [InlineData("0 */5 * * * *", "2024-01-01 12:05:00", "2024-01-01 12:10:00")]
    [InlineData("*/5 * * * *", "2024-01-01 12:05:00", "2024-01-01 12:10:00")]
    [InlineData("0 0 9-17/4 * * 1-5", "2024-01-01 13:00:00", "2024-01-01 17:00:00")]
    [InlineData("0 0 6 * * 0", "2024-01-07 06:00:00", "2024-01-14 06:00:00")]
    [InlineData("0 0 6 * * 7", "2024-01-07 06:00:00", "2024-01-14 06:00:00")]
    [InlineData("0 0 6 * * Sun", "2024-01-07 06:00:00", "2024-01-14 06:00:00")]
    [InlineData("0 0 6 * * mon,WED", "2024-01-03 06:00:00", "2024-01-08 06:00:00")]
    [InlineData("0 0 6 * * Fri-Mon", "2024-01-05 06:00:00", "2024-01-06 06:00:00")]
    [InlineData("0 0 0 1 Jan,Jul *", "2024-07-01 00:00:00", "2025-01-01 00:00:00")]
    [InlineData("0 0 0 13 * 5", "2024-09-13 00:00:00", "2024-12-13 00:00:00")]
    [InlineData("0 0 0 29 2 *", "2024-02-29 00:00:00", "2028-02-29 00:00:00")]
    public void An_expression_says_when(string expression, string first, string second)
    {
        var schedule = new TimerSchedule(expression, TimeZoneInfo.Utc);

        var next = schedule.NextAfter(Noon);

        Assert.Equal((Utc(first), Utc(second)), (next, schedule.NextAfter(next!.Value)));
    }

    // Berlin goes from 02:00 to 03:00 on 2024-03-31, and from 03:00 back to 02:00 on 2024-10-27.
    [Theory]
    [InlineData("0 30 2 * * *", "2024-03-30 02:00:00", "2024-03-31T03:00:00+02:00", "2024-04-01T02:30:00+02:00")]
    [InlineData("0 30 2 * * *", "2024-10-26 12:00:00", "2024-10-27T02:30:00+02:00", "2024-10-28T02:30:00+01:00")]
    [InlineData("0 */30 * * * *", "2024-10-27 00:15:00", "2024-10-27T02:30:00+02:00", "2024-10-27T02:00:00+01:00")]
    public void A_clock_that_is_changed_skips_and_repeats_nothing(string expression, string after, string first, string second)
    {
        var schedule = new TimerSchedule(expression, TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin"));

        var next = schedule.NextAfter(Utc(after));

        Assert.Equal(first, next!.Value.ToString("yyyy-MM-ddTHH:mm:sszzz", CultureInfo.InvariantCulture));
        Assert.Equal(second, schedule.NextAfter(next.Value)!.Value.ToString("yyyy-MM-ddTHH:mm:sszzz", CultureInfo.InvariantCulture));
    }

    [Fact]
    public void A_day_that_no_month_has_never_comes() =>
        Assert.Null(new TimerSchedule("0 0 0 30 2 *", TimeZoneInfo.Utc).NextAfter(Noon));

    [Theory]
    [InlineData("", "the schedule '' is neither an NCRONTAB expression such as '0 */5 * * * *' nor a time span such as '00:05:00'.")]
    [InlineData("soon", "the schedule 'soon' is neither an NCRONTAB expression such as '0 */5 * * * *' nor a time span such as '00:05:00'.")]
    [InlineData("@hourly", "the schedule '@hourly' is neither an NCRONTAB expression such as '0 */5 * * * *' nor a time span such as '00:05:00'.")]
    [InlineData("00:00:00", "the schedule '00:00:00' is a time span that is not more than zero.")]
    [InlineData("-00:01:00", "the schedule '-00:01:00' is a time span that is not more than zero.")]
    public void What_is_no_schedule_is_told_so(string schedule, string sentence) =>
        Assert.Equal(sentence, Assert.Throws<FormatException>(() => new TimerSchedule(schedule, TimeZoneInfo.Utc)).Message);

    [Theory]
    [InlineData("0 0 25 * * *")]
    [InlineData("60 * * * * *")]
    [InlineData("0 */0 * * * *")]
    [InlineData("0 0 0 * * 8")]
    [InlineData("* * *")]
    [InlineData("0 0 0 * * * *")]
    [InlineData("0 0 0 * Foo *")]
    public void A_mistake_in_an_expression_is_told_with_the_expression(string expression) =>
        Assert.StartsWith(
            $"the schedule '{expression}' is not an NCRONTAB expression: ",
            Assert.Throws<FormatException>(() => new TimerSchedule(expression, TimeZoneInfo.Utc)).Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData("0 0 0 L * *", "L")]
    [InlineData("0 0 0 15W * *", "15W")]
    [InlineData("0 0 0 * * MON#2", "MON#2")]
    [InlineData("0 0 0 ? * *", "?")]
    public void What_only_other_kinds_of_cron_have_is_refused(string expression, string field) =>
        Assert.Equal(
            $"the schedule '{expression}' is not an NCRONTAB expression: '{field}' is not made of *, numbers, and three-letter names of months or days, joined by - / and commas.",
            Assert.Throws<FormatException>(() => new TimerSchedule(expression, TimeZoneInfo.Utc)).Message);

    private static DateTimeOffset Utc(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
}
