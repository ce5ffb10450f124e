using System.Globalization;
using FsCheck;
using FsCheck.Fluent;

namespace Larder.Cron.Tests;

/// <summary>Schedules on a clock that is put forward and back, as the real host's timer extension handles it (its pull request 908).</summary>
public sealed class CronScheduleTests
{
    // Made here, so that the tests need no time zone data: the west coast of North America.
    private static readonly TimeZoneInfo Pacific = TimeZoneInfo.CreateCustomTimeZone(
        "Pacific",
        TimeSpan.FromHours(-8),
        "Pacific",
        "Standard",
        "Daylight",
        [
            TimeZoneInfo.AdjustmentRule.CreateAdjustmentRule(
                DateTime.MinValue.Date,
                DateTime.MaxValue.Date,
                TimeSpan.FromHours(1),
                TimeZoneInfo.TransitionTime.CreateFloatingDateRule(new DateTime(1, 1, 1, 2, 0, 0), 3, 2, DayOfWeek.Sunday),
                TimeZoneInfo.TransitionTime.CreateFloatingDateRule(new DateTime(1, 1, 1, 2, 0, 0), 11, 1, DayOfWeek.Sunday)),
        ]);

    [Theory]
    // In spring 02:00 to 02:59 are skipped.
    [InlineData("0 30 2 * * *", "2018-03-10T02:30:00-08:00", "2018-03-11T03:30:00-07:00")]
    [InlineData("0 30 2 * * *", "2018-03-11T03:30:00-07:00", "2018-03-12T02:30:00-07:00")]
    [InlineData("0 */30 * * * *", "2018-03-11T01:30:00-08:00", "2018-03-11T03:00:00-07:00")]
    [InlineData("0 */30 * * * *", "2018-03-11T03:00:00-07:00", "2018-03-11T03:30:00-07:00")]
    [InlineData("0 25-36 2,21 * * *", "2018-03-11T03:29:00-07:00", "2018-03-11T03:30:00-07:00")]
    [InlineData("0 25-36 2,21 * * *", "2018-03-11T03:36:00-07:00", "2018-03-11T21:25:00-07:00")]
    // In autumn 01:00 to 01:59 come twice. A time of day comes once ...
    [InlineData("0 30 1 * * *", "2018-11-03T01:30:00-07:00", "2018-11-04T01:30:00-07:00")]
    [InlineData("0 30 1 * * *", "2018-11-04T01:30:00-07:00", "2018-11-05T01:30:00-08:00")]
    [InlineData("0 30 1 * * *", "2018-11-04T01:29:00-08:00", "2018-11-05T01:30:00-08:00")]
    // ... also when it is asked for from the winter before, where the real extension misses it ...
    [InlineData("0 30 1 4 11 *", "2018-01-01T00:00:00-08:00", "2018-11-04T01:30:00-07:00")]
    // ... and an interval runs through both.
    [InlineData("0 */30 * * * *", "2018-11-04T00:30:00-07:00", "2018-11-04T01:00:00-07:00")]
    [InlineData("0 */30 * * * *", "2018-11-04T01:00:00-07:00", "2018-11-04T01:30:00-07:00")]
    [InlineData("0 */30 * * * *", "2018-11-04T01:30:00-07:00", "2018-11-04T01:00:00-08:00")]
    [InlineData("0 */30 * * * *", "2018-11-04T01:30:00-08:00", "2018-11-04T02:00:00-08:00")]
    [InlineData("0 0 * * * *", "2018-11-04T01:00:00-07:00", "2018-11-04T01:00:00-08:00")]
    public void The_next_occurrence_is(string expression, string after, string expected)
    {
        var next = new CronSchedule(CronExpression.Parse(expression), Pacific).NextAfter(Moment(after));

        Assert.True(Moment(expected).EqualsExact(next!.Value), $"{expected} was expected, {next:O} came");
    }

    [Fact]
    public void Around_a_change_the_next_occurrence_is_the_first_minute_that_matches()
    {
        DateTimeOffset[] days = [Moment("2018-03-10T12:00:00-08:00"), Moment("2018-11-03T12:00:00-07:00")];
        var cases =
            from minute in Field.Any(0, 59)
            from hour in Field.Any(0, 23)
            from day in Gen.Elements(days)
            from offset in Gen.Choose(0, 24 * 60)
            select (minute, hour, time: day.AddMinutes(offset));

        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            var expression = CronExpression.Parse($"0 {c.minute.Text} {c.hour.Text} * * *");
            var interval = new[] { c.minute, c.hour }.Any(field => field.Values.Any(value => field.Values.Contains(value + 1)));

            var walked = c.time.ToUniversalTime().AddMinutes(1);
            while (!Matches(walked, interval, c.minute, c.hour))
                walked = walked.AddMinutes(1);
            return new CronSchedule(expression, Pacific).NextAfter(c.time) == walked;
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Without_changes_the_clock_of_the_zone_counts()
    {
        var india = TimeZoneInfo.CreateCustomTimeZone("India", TimeSpan.FromHours(5.5), "India", "India");

        var next = new CronSchedule(CronExpression.Parse("0 0 9 * * *"), india).NextAfter(Moment("2024-01-01T03:30:00+00:00"));

        Assert.Equal(Moment("2024-01-02T03:30:00+00:00"), next);
    }

    // Whether a schedule fires at a moment, told from the moment alone.
    private static bool Matches(DateTimeOffset moment, bool interval, Field minute, Field hour)
    {
        var local = TimeZoneInfo.ConvertTime(moment, Pacific);
        var again = Pacific.IsAmbiguousTime(local.DateTime) && local.Offset == Pacific.BaseUtcOffset;
        if (Contains(local.DateTime) && (interval || !again))
            return true;

        // The hour after the skipped one answers for it.
        var skipped = local.DateTime.AddHours(-1);
        return Pacific.IsInvalidTime(skipped) && Contains(skipped);

        bool Contains(DateTime time) => minute.Values.Contains(time.Minute) && hour.Values.Contains(time.Hour);
    }

    private static DateTimeOffset Moment(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
