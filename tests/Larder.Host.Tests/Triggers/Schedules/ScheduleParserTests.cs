
namespace Larder.Host.Tests.Triggers.Schedules;

public class ScheduleParserTests
{
    private static readonly DateTimeOffset Noon = new(2024, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_time_span_is_an_interval_from_the_last_start()
    {
        var schedule = ScheduleParser.Parse("00:05:00", TimeZoneInfo.Utc);

        Assert.Equal(Noon.AddMinutes(5), schedule.NextAfter(Noon));
        Assert.False(schedule.IsSubMinute);
        Assert.Null(schedule.NextAfter(DateTimeOffset.MaxValue));
    }

    [Theory]
    [InlineData("00:00:59.999", true)]
    [InlineData("00:01:00", false)]
    [InlineData("*/30 * * * * *", true)]
    [InlineData("30 * * * * *", false)]
    public void More_than_one_run_a_minute_is_known(string schedule, bool isSubMinute) =>
        Assert.Equal(isSubMinute, ScheduleParser.Parse(schedule, TimeZoneInfo.Utc).IsSubMinute);

    [Theory]
    [InlineData("", "the schedule '' is neither an NCRONTAB expression such as '0 */5 * * * *' nor a time span such as '00:05:00'.")]
    [InlineData("soon", "the schedule 'soon' is neither an NCRONTAB expression such as '0 */5 * * * *' nor a time span such as '00:05:00'.")]
    [InlineData("00:00:00", "the schedule '00:00:00' is a time span that is not more than zero.")]
    [InlineData("-00:01:00", "the schedule '-00:01:00' is a time span that is not more than zero.")]
    public void What_is_no_schedule_is_told_so(string schedule, string sentence) =>
        Assert.Equal(sentence, Assert.Throws<FormatException>(() => ScheduleParser.Parse(schedule, TimeZoneInfo.Utc)).Message);

    [Fact]
    public void A_mistake_in_an_expression_is_told_with_the_expression()
    {
        var error = Assert.Throws<FormatException>(() => ScheduleParser.Parse("0 0 25 * * *", TimeZoneInfo.Utc));

        Assert.Equal(
            "the schedule '0 0 25 * * *' is not an NCRONTAB expression: the hour field is '25', but 25 is outside 0 to 23. " +
            "It takes * for all, numbers from 0 to 23, ranges such as 1-5, steps such as */2, and lists of these with commas.",
            error.Message);
    }
}
