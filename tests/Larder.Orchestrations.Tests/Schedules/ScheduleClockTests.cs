using Larder.Registry;

namespace Larder.Orchestrations.Tests;

public sealed class ScheduleClockTests
{
    [Theory]
    [InlineData("soon", "UTC", "cron must be an expression")]
    [InlineData("61 * * * *", "UTC", "the minute field is '61', but 61 is outside 0 to 59")]
    [InlineData("* * * * * * *", "UTC", "it has 7 fields, but takes five")]
    [InlineData("0 0 30 2 *", "UTC", "cron names a day that no month has")]
    [InlineData("* * * * *", "", "time_zone must be")]
    [InlineData("* * * * *", "Europe/Atlantis", "time_zone must be")]
    [InlineData("* * * * *", "../../etc/passwd", "time_zone must be")]
    [InlineData("* * * * *", "/etc/localtime", "time_zone must be")]
    [InlineData("* * * * *", "UTC\n", "time_zone must be")]
    public void What_is_no_clock_is_told_in_a_sentence(string cron, string zone, string sentence) =>
        Assert.Contains(sentence, Assert.Throws<InvalidRequestException>(() => ScheduleClock.Of(cron, zone)).Message);

    [Fact]
    public void The_newest_of_many_are_found()
    {
        var noon = Bakery.Noon;

        var newest = ScheduleClock.Of("* * * * * *", "UTC").Newest(noon, noon.AddYears(1), 3);

        Assert.Equal([noon.AddYears(1).AddSeconds(-2), noon.AddYears(1).AddSeconds(-1), noon.AddYears(1)], newest);
    }
}
