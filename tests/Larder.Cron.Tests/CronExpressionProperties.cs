using FsCheck;
using FsCheck.Fluent;

namespace Larder.Cron.Tests;

/// <summary>The parser and the search against a walk through every second, or every day, that asks each whether it matches.</summary>
public sealed class CronExpressionProperties
{
    private static readonly DateTime Start = new(2023, 12, 1);

    private static readonly Gen<DateTime> Times =
        Gen.Choose(0, 366 * 5).Zip(Gen.Choose(0, 86_399), (day, second) => Start.AddDays(day).AddSeconds(second));

    [Fact]
    public void The_next_occurrence_is_the_first_second_that_matches()
    {
        var cases =
            from second in Field.Any(0, 59)
            from minute in Field.Any(0, 59)
            from hour in Field.Any(0, 23)
            from time in Times
            select (second, minute, hour, time);

        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            var next = CronExpression.Parse($"{c.second.Text} {c.minute.Text} {c.hour.Text} * * *").NextAfter(c.time);

            var walked = c.time.AddSeconds(1);
            while (!(c.second.Values.Contains(walked.Second) && c.minute.Values.Contains(walked.Minute) && c.hour.Values.Contains(walked.Hour)))
                walked = walked.AddSeconds(1);
            return next == walked;
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void The_next_occurrence_is_on_the_first_day_that_matches()
    {
        var cases =
            from day in Field.Any(1, 31)
            from month in Field.Any(1, 12)
            from dayOfWeek in Field.Any(0, 6)
            from time in Times
            select (day, month, dayOfWeek, time);

        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            var expression = CronExpression.Parse($"0 0 12 {c.day.Text} {c.month.Text} {c.dayOfWeek.Text}");

            var walked = c.time.TimeOfDay < TimeSpan.FromHours(12) ? c.time.Date : c.time.Date.AddDays(1);
            var end = walked.AddYears(41);
            while (walked < end && !(c.day.Values.Contains(walked.Day) && c.month.Values.Contains(walked.Month) && c.dayOfWeek.Values.Contains((int)walked.DayOfWeek)))
                walked = walked.AddDays(1);

            var next = expression.NextAfter(c.time);
            return walked == end ? next is null && !expression.IsPossible : next == walked.AddHours(12);
        }).QuickCheckThrowOnFailure();
    }
}
