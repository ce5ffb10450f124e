using System.Globalization;
using Larder.Orchestrations.Schedules;
using Larder.Registry.Errors;

namespace Larder.Orchestrations.Tests.Schedules;

public sealed class ScheduleClockTests
{
    [Theory]
    [InlineData("soon", "UTC", "cron must be an expression")]
    [InlineData("61 * * * *", "UTC", "Minutes: Value must be a number between 0 and 59")]
    [InlineData("* * * * * * *", "UTC", "it has 7 fields, but takes five")]
    [InlineData("0 0 30 2 *", "UTC", "cron names a day that no month has")]
    [InlineData("", "UTC", "it has 0 fields")]
    [InlineData("0 0 * * MONDAY", "UTC", "Names of months and days have three letters")]
    [InlineData("*/90 * * * *", "UTC", "Minutes: Value must be a number between 1 and 59")]
    [InlineData("H 4 * * *", "UTC", "H, a value that the server picks, is not supported")]
    [InlineData("@fortnightly", "UTC", "cron must be an expression")]
    [InlineData("0 0 * * 1/2", "UTC", "a day of the week with a step and no end, '1/2'")]
    [InlineData("0 0 0 * * SUN,MON/2", "UTC", "a day of the week with a step and no end, 'MON/2'")]
    [InlineData("* * * * *", "", "time_zone must be")]
    [InlineData("* * * * *", "Europe/Atlantis", "time_zone must be")]
    [InlineData("* * * * *", "../../etc/passwd", "time_zone must be")]
    [InlineData("* * * * *", "/etc/localtime", "time_zone must be")]
    [InlineData("* * * * *", "UTC\n", "time_zone must be")]
    public void What_is_no_clock_is_told_in_a_sentence(string cron, string zone, string sentence) =>
        Assert.Contains(sentence, Assert.Throws<InvalidRequestException>(() => ScheduleClock.Of(cron, zone)).Message);

    [Theory]
    [InlineData("0 4 13 * FRI")]
    [InlineData("0 4 1-7 * 1-5")]
    [InlineData("0 4 L * 0-7")]
    public void Five_fields_with_both_days_are_refused_with_the_two_ways_to_write_them(string cron)
    {
        var fields = cron.Split(' ');

        var sentence = Assert.Throws<InvalidRequestException>(() => ScheduleClock.Of(cron, "UTC")).Message;

        Assert.Contains($"For the days on which both match, write six fields: '0 {cron}'.", sentence);
        Assert.Contains($"make two schedules: '0 4 {fields[2]} * *' and '0 4 * * {fields[4]}'.", sentence);
        ScheduleClock.Of($"0 4 {fields[2]} * *", "UTC");
        ScheduleClock.Of($"0 4 * * {fields[4]}", "UTC");
        ScheduleClock.Of($"0 {cron}", "UTC");
    }

    [Theory]
    [InlineData("0 0 4 13 * FRI", "2030-09-13T04:00:00Z 2030-12-13T04:00:00Z")]
    // The first character decides, as in standard cron.
    [InlineData("0 4 */2 * MON", "2030-01-07T04:00:00Z 2030-01-21T04:00:00Z")]
    [InlineData("0 4 ? * MON", "2030-01-07T04:00:00Z 2030-01-14T04:00:00Z")]
    [InlineData("0\t4 * jan sun", "2030-01-06T04:00:00Z 2030-01-13T04:00:00Z")]
    [InlineData("0 4 * * 7", "2030-01-06T04:00:00Z 2030-01-13T04:00:00Z")]
    [InlineData("0 4 * * 1-6/2", "2030-01-02T04:00:00Z 2030-01-04T04:00:00Z")]
    [InlineData("0 4 * * FRI-MON", "2030-01-04T04:00:00Z 2030-01-05T04:00:00Z")]
    [InlineData("0 4 L * *", "2030-01-31T04:00:00Z 2030-02-28T04:00:00Z")]
    [InlineData("0 4 L-3 * *", "2030-01-28T04:00:00Z 2030-02-25T04:00:00Z")]
    [InlineData("0 4 LW * *", "2030-01-31T04:00:00Z 2030-02-28T04:00:00Z")]
    [InlineData("0 4 13W * *", "2030-01-14T04:00:00Z 2030-02-13T04:00:00Z")]
    [InlineData("0 4 * * MON#2", "2030-01-14T04:00:00Z 2030-02-11T04:00:00Z")]
    [InlineData("0 4 * * FRIL", "2030-01-25T04:00:00Z 2030-02-22T04:00:00Z")]
    [InlineData("5/25 4 * * *", "2030-01-02T04:05:00Z 2030-01-02T04:30:00Z")]
    [InlineData("*/30 * * * * *", "2030-01-01T12:00:30Z 2030-01-01T12:01:00Z")]
    [InlineData("@hourly", "2030-01-01T13:00:00Z 2030-01-01T14:00:00Z")]
    [InlineData("@daily", "2030-01-02T00:00:00Z 2030-01-03T00:00:00Z")]
    [InlineData("@midnight", "2030-01-02T00:00:00Z 2030-01-03T00:00:00Z")]
    [InlineData("@weekly", "2030-01-06T00:00:00Z 2030-01-13T00:00:00Z")]
    [InlineData("@monthly", "2030-02-01T00:00:00Z 2030-03-01T00:00:00Z")]
    [InlineData("@yearly", "2031-01-01T00:00:00Z 2032-01-01T00:00:00Z")]
    [InlineData("@annually", "2031-01-01T00:00:00Z 2032-01-01T00:00:00Z")]
    [InlineData("@every_minute", "2030-01-01T12:01:00Z 2030-01-01T12:02:00Z")]
    [InlineData("@every_second", "2030-01-01T12:00:01Z 2030-01-01T12:00:02Z")]
    public void What_expressions_mean(string cron, string expected) =>
        Assert.Equal(expected, string.Join(' ', ScheduleClock.Of(cron, "UTC").Next(Bakery.Noon, 2).Select(next => next.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture))));

    [Fact]
    public void The_newest_of_many_are_found()
    {
        var noon = Bakery.Noon;

        var newest = ScheduleClock.Of("* * * * * *", "UTC").Newest(noon, noon.AddYears(1), 3);

        Assert.Equal([noon.AddYears(1).AddSeconds(-2), noon.AddYears(1).AddSeconds(-1), noon.AddYears(1)], newest);
    }
}
