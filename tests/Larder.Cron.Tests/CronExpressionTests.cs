using System.Globalization;

namespace Larder.Cron.Tests;

public sealed class CronExpressionTests
{
    [Theory]
    [InlineData("0 */5 * * * *", "2024-03-05T18:57:12", "2024-03-05T19:00:00")]
    [InlineData("0 */5 * * * *", "2024-03-05T19:00:00", "2024-03-05T19:05:00")] // the moment itself is not after itself
    [InlineData("0 5 * * * *", "2024-03-05T18:57:12", "2024-03-05T19:05:00")]
    [InlineData("0 30 9 * * *", "2024-02-28T09:30:00", "2024-02-29T09:30:00")] // a leap year
    [InlineData("0 30 9 * * *", "2023-02-28T09:30:00", "2023-03-01T09:30:00")]
    [InlineData("0 30 9 * * Mon-Fri", "2024-03-01T10:00:00", "2024-03-04T09:30:00")]
    [InlineData("0 30 9 * Jan Mon", "2024-03-01T10:00:00", "2025-01-06T09:30:00")]
    [InlineData("0 0 0 31 * *", "2024-03-31T00:00:00", "2024-05-31T00:00:00")] // April has 30
    [InlineData("0 0 0 29 2 *", "2024-02-29T00:00:00", "2028-02-29T00:00:00")]
    [InlineData("0 0 0 29 2 *", "2096-02-29T00:00:00", "2104-02-29T00:00:00")] // 2100 is no leap year
    [InlineData("0 0 0 29 Feb Mon", "2072-02-29T00:00:00", "2112-02-29T00:00:00")]
    [InlineData("0 0 0 1 1 *", "2024-12-31T23:59:59", "2025-01-01T00:00:00")]
    [InlineData("59 59 23 31 12 *", "2024-12-31T23:59:59", "2025-12-31T23:59:59")]
    [InlineData("* * * * * *", "2024-12-31T23:59:59.999", "2025-01-01T00:00:00")]
    [InlineData("30,10 1-3,50 */6 * * *", "2024-01-01T00:03:10", "2024-01-01T00:03:30")]
    [InlineData("30,10 1-3,50 */6 * * *", "2024-01-01T00:50:30", "2024-01-01T06:01:10")]
    [InlineData("0 1-10/3 * * * *", "2024-01-01T00:04:00", "2024-01-01T00:07:00")]
    [InlineData("0 1-10/3 * * * *", "2024-01-01T00:10:00", "2024-01-01T01:01:00")]
    [InlineData("0 5/10 * * * *", "2024-01-01T00:55:00", "2024-01-01T01:05:00")]
    [InlineData("0 5/10 * * * *", "2024-01-01T00:05:00", "2024-01-01T00:15:00")]
    [InlineData("*/5 * * * *", "2024-01-01T00:00:00", "2024-01-01T00:05:00")] // five fields: no seconds
    public void The_next_occurrence_is(string expression, string after, string expected)
    {
        var next = CronExpression.Parse(expression).NextAfter(Time(after));

        Assert.Equal(Time(expected), next);
    }

    [Fact]
    public void A_day_must_match_both_of_its_fields()
    {
        // crontab(5) would take any 13th and any Friday; NCrontab, and so the real host, takes Fridays that are a 13th.
        var expression = CronExpression.Parse("0 0 0 13 * Fri");

        Assert.Equal(Time("2024-09-13T00:00:00"), expression.NextAfter(Time("2024-01-01T00:00:00")));
        Assert.Equal(Time("2024-12-13T00:00:00"), expression.NextAfter(Time("2024-09-13T00:00:00")));
    }

    [Theory]
    [InlineData("0 0 0 * * 0")]
    [InlineData("0 0 0 * * 7")]
    [InlineData("0 0 0 * * SUN")]
    [InlineData("0 0 0 * * sunday")]
    [InlineData("0 0 0 * * 7-7")]
    [InlineData("0 0 0 * * 0,7")]
    public void Sunday_has_many_names(string expression)
    {
        var next = CronExpression.Parse(expression).NextAfter(Time("2024-03-04T00:00:00"));

        Assert.Equal(Time("2024-03-10T00:00:00"), next);
    }

    [Fact]
    public void A_range_may_run_to_Sunday_as_day_seven()
    {
        var weekend = CronExpression.Parse("0 0 0 * * 6-7");

        Assert.Equal(Time("2024-03-09T00:00:00"), weekend.NextAfter(Time("2024-03-04T00:00:00")));
        Assert.Equal(Time("2024-03-10T00:00:00"), weekend.NextAfter(Time("2024-03-09T00:00:00")));
        Assert.Equal(Time("2024-03-16T00:00:00"), weekend.NextAfter(Time("2024-03-10T00:00:00")));
    }

    [Fact]
    public void Steps_over_all_days_of_the_week_do_not_count_Sunday_twice()
    {
        var everyOther = CronExpression.Parse("0 0 0 * * */2");

        Assert.Equal(Time("2024-03-09T00:00:00"), everyOther.NextAfter(Time("2024-03-07T00:00:00")));
        Assert.Equal(Time("2024-03-10T00:00:00"), everyOther.NextAfter(Time("2024-03-09T00:00:00")));
    }

    [Theory]
    [InlineData("0 0 0 30 2 *")]
    [InlineData("0 0 0 31 Feb,Apr,Jun,Sep,Nov *")]
    [InlineData("* * * 30-31 2 1-5")]
    public void A_date_that_no_year_has_never_comes(string expression)
    {
        var impossible = CronExpression.Parse(expression);

        Assert.False(impossible.IsPossible);
        Assert.Null(impossible.NextAfter(Time("2024-01-01T00:00:00")));
    }

    [Fact]
    public void After_the_last_occurrence_of_the_calendar_there_is_none()
    {
        var newYear = CronExpression.Parse("0 0 0 1 1 *");

        Assert.Null(newYear.NextAfter(Time("9999-01-01T00:00:00")));
        Assert.Null(CronExpression.Parse("* * * * * *").NextAfter(DateTime.MaxValue));
    }

    [Theory]
    [InlineData("60 * * * * *", "second", "60 is outside 0 to 59")]
    [InlineData("0 61 * * * *", "minute", "61 is outside 0 to 59")]
    [InlineData("0 0 24 * * *", "hour", "24 is outside 0 to 23")]
    [InlineData("0 0 0 0 * *", "day", "0 is outside 1 to 31")]
    [InlineData("0 0 0 1 13 *", "month", "numbers from 1 to 12 or names from January to December")]
    [InlineData("0 0 0 * * 8", "day-of-week", "8 is outside 0 to 7")]
    [InlineData("0 0 0 * * Someday", "day-of-week", "'Someday' is not a value of it")]
    [InlineData("0 0 0 * M *", "month", "'M' is not a value of it")]
    [InlineData("0 0 0 * * Fri-Mon", "day-of-week", "'Fri-Mon' goes down")]
    [InlineData("0 */0 * * * *", "minute", "the step '0'")]
    [InlineData("0 */ * * * *", "minute", "the step ''")]
    [InlineData("0 1,,2 * * * *", "minute", "a value is missing")]
    [InlineData("0 -5 * * * *", "minute", "a value is missing")]
    [InlineData("0 +5 * * * *", "minute", "'+5' is not a value of it")]
    [InlineData("0 1-2-3 * * * *", "minute", "'2-3' is not a value of it")]
    [InlineData("0 ? * * * *", "minute", "'?' is not a value of it")]
    public void A_mistake_is_told_with_its_field_and_what_is_allowed(string expression, string field, string why)
    {
        var error = Assert.Throws<FormatException>(() => CronExpression.Parse(expression));

        Assert.StartsWith($"the {field} field is '", error.Message);
        Assert.Contains(why, error.Message);
    }

    [Theory]
    [InlineData("* * * *", 4)]
    [InlineData("0 0 0 1 1 * 2024", 7)]
    public void A_wrong_number_of_fields_is_told_with_what_they_are(string expression, int count)
    {
        var error = Assert.Throws<FormatException>(() => CronExpression.Parse(expression));

        Assert.Equal($"it has {count} fields, but takes six: {{second}} {{minute}} {{hour}} {{day}} {{month}} {{day-of-week}}", error.Message);
    }

    private static DateTime Time(string text) => DateTime.Parse(text, CultureInfo.InvariantCulture);
}
