using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Larder.Orchestrations.Schedules;

namespace Larder.Orchestrations.Tests.Schedules;

/// <summary>Occurrences around the moments at which real zones change their clocks.</summary>
public sealed class ClockChangeTests
{
    private static readonly string[] Zones = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"];

    /// <summary>Zone, day, what the clock does, expression, runs: the rows of the table in docs/schedules.md.</summary>
    public static TheoryData<string, string, string, string, string> Documented
    {
        get
        {
            var rows = new TheoryData<string, string, string, string, string>();
            foreach (var line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Schedules", "schedules.md")))
            {
                var cells = line.Split(" | ").Select(cell => cell.Trim(' ', '|', '`')).ToArray();
                if (cells is [var zone, var day, var clock, var cron, var runs] && Zones.Contains(zone))
                    rows.Add(zone, day, clock, cron, runs);
            }

            return rows;
        }
    }

    [Fact]
    public void The_table_has_every_zone_in_both_nights() =>
        Assert.Equal(7, Documented.Select(row => (row[0], row[1])).Distinct().Count());

    [Theory]
    [MemberData(nameof(Documented))]
    public void Every_row_of_the_documented_table_is_true(string zone, string day, string clock, string cron, string runs)
    {
        var rules = TimeZoneInfo.FindSystemTimeZoneById(zone);
        var midnight = DateTime.ParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture);
        var from = new DateTimeOffset(midnight, rules.GetUtcOffset(midnight)).AddHours(1);
        var until = midnight.AddHours(4);

        var occurrences = ScheduleClock.Of(cron, zone).Between(from.AddTicks(-1), new DateTimeOffset(until, rules.GetUtcOffset(until)).AddTicks(-1));

        Assert.Equal(runs, string.Join(", ", occurrences.Select(one => one.ToString("HH:mmzzz", CultureInfo.InvariantCulture))));
        if (clock.Split(' ') is [.., "skips", var start, "to", _])
            Assert.True(rules.IsInvalidTime(midnight + TimeSpan.Parse(start, CultureInfo.InvariantCulture)));
        if (clock.Split(' ') is [.., "shows", var first, "to", _, "twice"])
            Assert.True(rules.IsAmbiguousTime(midnight + TimeSpan.Parse(first, CultureInfo.InvariantCulture)));
    }

    [Theory]
    // .NET ends a zone's rules a millisecond early.
    [InlineData("Europe/Berlin", "0 * * * *", "2030-10-27T02:59:59.9999999+02:00", "2030-10-27T02:00:00+01:00")]
    [InlineData("Europe/Berlin", "0 2 * * *", "2030-10-27T02:59:59.9999999+02:00", "2030-10-28T02:00:00+01:00")]
    [InlineData("Europe/Berlin", "0 * * * *", "2030-03-31T01:59:59.9999999+01:00", "2030-03-31T03:00:00+02:00")]
    [InlineData("Europe/Berlin", "30 2 * * *", "2030-03-31T01:59:59.9999999+01:00", "2030-03-31T03:00:00+02:00")]
    [InlineData("America/New_York", "*/15 * * * *", "2030-11-03T01:59:59.9995-04:00", "2030-11-03T01:00:00-05:00")]
    // The moment itself is excluded, part of a second or none.
    [InlineData("UTC", "* * * * * *", "2030-01-01T00:00:00.5+00:00", "2030-01-01T00:00:01+00:00")]
    [InlineData("UTC", "* * * * * *", "2030-01-01T00:00:00+00:00", "2030-01-01T00:00:01+00:00")]
    public void The_next_occurrence_is(string zone, string cron, string after, string expected)
    {
        var next = ScheduleClock.Of(cron, zone).NextAfter(Moment(after));

        Assert.True(Moment(expected).EqualsExact(next!.Value), $"{expected} was expected, {next:O} came");
    }

    [Fact]
    public void The_newest_occurrences_are_the_last_of_a_walk_through_all_of_them()
    {
        var cases =
            from zone in Gen.Elements(Zones)
            from minute in Gen.Elements("0", "30", "15,45", "*/20", "10-50/10")
            from hour in Gen.Elements("*", "1", "2", "1-3", "0,2")
            from day in Gen.Elements("2030-03-10", "2030-03-31", "2030-04-07", "2030-10-06", "2030-10-27", "2030-11-03")
            from after in Gen.Choose(-30 * 600, 30 * 600)
            from length in Gen.Choose(0, 24 * 3600)
            select (zone, cron: $"{minute} {hour} * * *", after: Moment(day + "T00:00:00Z").AddSeconds(after), length);

        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            var clock = ScheduleClock.Of(c.cron, c.zone);
            var until = c.after.AddSeconds(c.length);
            return clock.Newest(c.after, until, 3).SequenceEqual(clock.Between(c.after, until).TakeLast(3));
        }).QuickCheckThrowOnFailure();
    }

    private static DateTimeOffset Moment(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
