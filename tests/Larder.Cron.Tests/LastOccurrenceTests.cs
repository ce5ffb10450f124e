using FsCheck;
using FsCheck.Fluent;

namespace Larder.Cron.Tests;

public sealed class LastOccurrenceTests
{
    private static readonly DateTimeOffset Start = new(2024, 3, 30, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void The_last_occurrence_is_the_last_that_a_walk_through_all_of_them_finds()
    {
        var cases =
            from second in Field.Any(0, 59)
            from minute in Field.Any(0, 59)
            from hour in Field.Any(0, 23)
            from after in Gen.Choose(0, 3 * 86_400 * 10)
            from length in Gen.Choose(0, 2 * 3600 * 10)
            select (second, minute, hour, after: Start.AddSeconds(after / 10.0), until: Start.AddSeconds((after + length) / 10.0));

        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            var schedule = new CronSchedule(CronExpression.Parse($"{c.second.Text} {c.minute.Text} {c.hour.Text} * * *"), TimeZoneInfo.Utc);
            DateTimeOffset? walked = null;
            for (var next = schedule.NextAfter(c.after); next <= c.until; next = schedule.NextAfter(next.Value))
                walked = next;
            return schedule.LastBetween(c.after, c.until) == walked;
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Years_of_seconds_are_searched_at_once()
    {
        var schedule = new CronSchedule(CronExpression.Parse("* * * * * *"), TimeZoneInfo.Utc);

        Assert.Equal(Start.AddYears(20), schedule.LastBetween(Start, Start.AddYears(20).AddMilliseconds(1)));
        Assert.Null(schedule.LastBetween(Start, Start.AddMilliseconds(999)));
    }
}
