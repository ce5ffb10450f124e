using System.Globalization;
using Larder.Orchestrations.Schedules;
using Larder.Testing;

namespace Larder.Orchestrations.Tests.Schedules;

/// <summary>
/// Schedules in Berlin through the nights in which its clock is changed: 31 March 2030, when 02:00 to 03:00 is skipped, and 27 October 2030, when it comes
/// twice. And in New York, whose days are 10 March and 3 November.
/// </summary>
[Collection(AzuriteCollection.Name)]
public sealed class DaylightSavingTests(Azurite azurite)
{
    private const string Berlin = "Europe/Berlin";
    private const string NewYork = "America/New_York";

    [Theory]
    // A time of day that is skipped comes when the gap ends, once.
    [InlineData(Berlin, "30 2 * * *", "2030-03-31T01:10:00+01:00", "2030-03-31T05:10:00+02:00", "03:00+02:00")]
    [InlineData(NewYork, "30 2 * * *", "2030-03-10T01:10:00-05:00", "2030-03-10T05:10:00-04:00", "03:00-04:00")]
    // An interval goes on without a pause.
    [InlineData(Berlin, "*/30 * * * *", "2030-03-31T01:10:00+01:00", "2030-03-31T04:10:00+02:00", "01:30+01:00 03:00+02:00 03:30+02:00 04:00+02:00")]
    [InlineData(Berlin, "0 * * * *", "2030-03-31T01:10:00+01:00", "2030-03-31T05:10:00+02:00", "03:00+02:00 04:00+02:00 05:00+02:00")]
    // What is not skipped comes at its time.
    [InlineData(Berlin, "30 3 * * *", "2030-03-31T01:10:00+01:00", "2030-03-31T05:10:00+02:00", "03:30+02:00")]
    // A time of day that is shown twice comes once, at the first.
    [InlineData(Berlin, "30 2 * * *", "2030-10-27T01:10:00+02:00", "2030-10-27T04:10:00+01:00", "02:30+02:00")]
    [InlineData(NewYork, "30 1 * * *", "2030-11-03T00:10:00-04:00", "2030-11-03T03:10:00-05:00", "01:30-04:00")]
    // An interval runs through both hours.
    [InlineData(Berlin, "*/30 * * * *", "2030-10-27T01:40:00+02:00", "2030-10-27T03:10:00+01:00", "02:00+02:00 02:30+02:00 02:00+01:00 02:30+01:00 03:00+01:00")]
    [InlineData(Berlin, "0 * * * *", "2030-10-27T01:10:00+02:00", "2030-10-27T03:10:00+01:00", "02:00+02:00 02:00+01:00 03:00+01:00")]
    // Who means UTC has neither.
    [InlineData("UTC", "30 1 * * *", "2030-03-31T01:10:00+01:00", "2030-03-31T05:10:00+02:00", "01:30+00:00")]
    public async Task A_night_in_which_the_clock_is_changed(string zone, string cron, string from, string until, string expected)
    {
        var bakery = new Bakery(azurite.NewAccount(), Moment(from), new ScheduleOptions { Grace = TimeSpan.FromMinutes(10) });
        var schedule = await bakery.AddAsync(cron, timeZone: zone);
        while (bakery.Time.GetUtcNow() < Moment(until))
            await bakery.TickAfterAsync(TimeSpan.FromMinutes(5));

        var runs = await bakery.RunAsync(schedule);
        Assert.Equal(expected.Split(' '), runs.Select(due => due.ToString("HH:mmzzz", CultureInfo.InvariantCulture)));
        Assert.Equal(runs.Count, bakery.Started.Count);
    }

    [Theory]
    [InlineData(Berlin, "30 2 * * *", "2030-03-30T12:00:00+01:00", "2030-03-31T03:00:00+02:00 2030-04-01T02:30:00+02:00 2030-04-02T02:30:00+02:00")]
    [InlineData(Berlin, "30 2 * * *", "2030-10-26T12:00:00+02:00", "2030-10-27T02:30:00+02:00 2030-10-28T02:30:00+01:00 2030-10-29T02:30:00+01:00")]
    public void The_next_runs_are_told_as_they_will_be(string zone, string cron, string after, string expected) =>
        Assert.Equal(expected, string.Join(' ', ScheduleClock.Of(cron, zone).Next(Moment(after), 3).Select(due => due.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture))));

    [Fact]
    public async Task A_server_that_was_away_all_night_makes_up_for_a_skipped_time_once()
    {
        var bakery = new Bakery(azurite.NewAccount(), Moment("2030-03-31T01:10:00+01:00"));
        var schedule = await bakery.AddAsync("30 2 * * *", timeZone: Berlin);
        await bakery.TickAfterAsync(TimeSpan.FromHours(5));
        await bakery.TickAfterAsync(TimeSpan.FromHours(1));

        Assert.Equal([Moment("2030-03-31T03:00:00+02:00")], await bakery.RunAsync(schedule));
    }

    private static DateTimeOffset Moment(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
