using System.Globalization;

namespace Larder.Cron.Tests;

/// <summary>Five fields as crontab(5) has them, six as timer triggers have them.</summary>
public sealed class StandardExpressionTests
{
    [Theory]
    [InlineData("*/5 * * * *", "2024-01-01T00:00:30", "2024-01-01T00:05:00")]
    [InlineData("30 2 * * 1-5", "2024-03-01T10:00:00", "2024-03-04T02:30:00")]
    [InlineData("0 0 13 * *", "2024-01-01T00:00:00", "2024-01-13T00:00:00")]
    [InlineData("0 0 13 * Fri", "2024-01-01T00:00:00", "2024-01-05T00:00:00")] // a Friday
    [InlineData("0 0 13 * Fri", "2024-01-12T00:00:00", "2024-01-13T00:00:00")] // a 13th
    [InlineData("0 0 30 2 Mon", "2024-02-01T00:00:00", "2024-02-05T00:00:00")] // no 30th, but Mondays
    [InlineData("0 0 */2 * Fri", "2024-01-01T00:00:00", "2024-01-05T00:00:00")] // begins with *: both must match
    [InlineData("0 0 13 * *", "2024-01-13T00:00:00", "2024-02-13T00:00:00")]
    [InlineData("0 0 0 13 * Fri", "2024-01-01T00:00:00", "2024-09-13T00:00:00")] // six fields: both must match
    [InlineData("*/10 * * * * *", "2024-01-01T00:00:00", "2024-01-01T00:00:10")]
    public void The_next_occurrence_is(string expression, string after, string expected) =>
        Assert.Equal(Time(expected), CronExpression.ParseStandard(expression).NextAfter(Time(after)));

    [Theory]
    [InlineData("0 0 30 2 *", false)]
    [InlineData("0 0 30 2 Mon", true)]
    [InlineData("0 0 0 30 2 Mon", false)]
    public void A_day_that_never_comes_is_known(string expression, bool isPossible) =>
        Assert.Equal(isPossible, CronExpression.ParseStandard(expression).IsPossible);

    [Theory]
    [InlineData("", 0)]
    [InlineData("* * * *", 4)]
    [InlineData("* * * * * * *", 7)]
    public void A_wrong_number_of_fields_is_told_with_what_they_are(string expression, int count) => Assert.Equal(
        $"it has {count} fields, but takes five: {{minute}} {{hour}} {{day}} {{month}} {{day-of-week}}; or six, with {{second}} before these",
        Assert.Throws<FormatException>(() => CronExpression.ParseStandard(expression)).Message);

    private static DateTime Time(string text) => DateTime.Parse(text, CultureInfo.InvariantCulture);
}
