using System.Globalization;

namespace Larder.Cron.Tests;

/// <summary>Zones as the machine knows them, whose rules .NET makes from the tz database and ends a millisecond early.</summary>
public sealed class RealZoneTests
{
    [Theory]
    [InlineData("Europe/Berlin", "0 0 * * * *", "2030-10-27T02:59:59.9999999+02:00", "2030-10-27T02:00:00+01:00")]
    [InlineData("Europe/Berlin", "0 0 * * * *", "2030-10-27T02:59:59+02:00", "2030-10-27T02:00:00+01:00")]
    [InlineData("Europe/Berlin", "0 0 2 * * *", "2030-10-27T02:59:59.9999999+02:00", "2030-10-28T02:00:00+01:00")]
    [InlineData("Europe/Berlin", "0 0 * * * *", "2030-03-31T01:59:59.9999999+01:00", "2030-03-31T03:00:00+02:00")]
    [InlineData("Europe/Berlin", "0 30 2 * * *", "2030-03-31T01:59:59.9999999+01:00", "2030-03-31T03:30:00+02:00")]
    [InlineData("America/New_York", "0 */15 * * * *", "2030-11-03T01:59:59.9995+00:00", "2030-11-02T22:00:00-04:00")]
    [InlineData("America/New_York", "0 */15 * * * *", "2030-11-03T01:59:59.9995-04:00", "2030-11-03T01:00:00-05:00")]
    // Half an hour, half a year off.
    [InlineData("Australia/Lord_Howe", "0 */15 * * * *", "2030-04-07T01:45:00+11:00", "2030-04-07T01:30:00+10:30")]
    [InlineData("Australia/Lord_Howe", "0 45 1 * * *", "2030-04-07T01:45:00+11:00", "2030-04-08T01:45:00+10:30")]
    [InlineData("Australia/Lord_Howe", "0 15 2 * * *", "2030-10-05T12:00:00+10:30", "2030-10-06T02:45:00+11:00")]
    public void The_next_occurrence_is(string zone, string expression, string after, string expected)
    {
        var next = new CronSchedule(CronExpression.Parse(expression), TimeZoneInfo.FindSystemTimeZoneById(zone)).NextAfter(Moment(after));

        Assert.True(Moment(expected).EqualsExact(next!.Value), $"{expected} was expected, {next:O} came");
    }

    private static DateTimeOffset Moment(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
