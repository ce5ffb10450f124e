using Larder.Orchestrations.Schedules;
using Larder.Registry.Schedules;
using Larder.Testing;

namespace Larder.Orchestrations.Tests.Schedules;

[Collection(AzuriteCollection.Name)]
public sealed class MissedTests(Azurite azurite)
{
    private static readonly TimeSpan FiveAndAHalfHours = TimeSpan.FromHours(5.5);

    private readonly Bakery _bakery = new(azurite.NewAccount(), options: new ScheduleOptions { MaxWaiting = 4 });

    [Fact]
    public async Task Once_makes_up_for_the_newest()
    {
        var schedule = await _bakery.AddAsync("0 * * * *", missed: MissedPolicy.Once);
        await _bakery.TickAfterAsync(FiveAndAHalfHours);
        await _bakery.TickAsync();

        Assert.Equal([Hour(5)], await _bakery.RunAsync(schedule));
        var progress = await _bakery.ProgressAsync(schedule);
        AssertMissed(progress.Runs[1], Hour(1), Hour(4), 4);
        Assert.Equal(Hour(6), progress.NextRun);
    }

    [Fact]
    public async Task Once_makes_up_for_none_when_the_newest_is_on_time()
    {
        var schedule = await _bakery.AddAsync("0 * * * *", missed: MissedPolicy.Once);
        await _bakery.TickAfterAsync(TimeSpan.FromHours(5) + TimeSpan.FromSeconds(30));

        Assert.Equal([Hour(5)], await _bakery.RunAsync(schedule));
        AssertMissed((await _bakery.ProgressAsync(schedule)).Runs[1], Hour(1), Hour(4), 4);
    }

    [Fact]
    public async Task All_makes_up_for_as_many_as_may_wait()
    {
        var schedule = await _bakery.AddAsync("0 * * * *", missed: MissedPolicy.All);
        await _bakery.TickAfterAsync(FiveAndAHalfHours);

        Assert.Equal([Hour(2), Hour(3), Hour(4), Hour(5)], await _bakery.RunAsync(schedule));
        AssertMissed((await _bakery.ProgressAsync(schedule)).Runs[^1], Hour(1), Hour(1), 1);
    }

    [Fact]
    public async Task All_makes_up_one_after_the_other_where_jobs_may_not_overlap()
    {
        var schedule = await _bakery.AddAsync("0 * * * *", OverlapPolicy.Skip, MissedPolicy.All);
        await _bakery.TickAfterAsync(TimeSpan.FromHours(3.5));
        for (var i = 1; i <= 3; i++)
        {
            Assert.Equal(i, _bakery.Started.Count);
            await _bakery.EndAllAsync();
            await _bakery.TickAsync();
        }

        Assert.Equal([Hour(1), Hour(2), Hour(3)], await _bakery.RunAsync(schedule));
    }

    [Fact]
    public async Task None_makes_up_for_none()
    {
        var schedule = await _bakery.AddAsync("0 * * * *", missed: MissedPolicy.None);
        await _bakery.TickAfterAsync(FiveAndAHalfHours);

        Assert.Empty(_bakery.Started);
        var progress = await _bakery.ProgressAsync(schedule);
        AssertMissed(Assert.Single(progress.Runs), Hour(1), Hour(5), 5);
        Assert.Equal("No server was there at the time.", progress.Runs[0].Reason);
        Assert.Equal(Hour(6), progress.NextRun);
    }

    [Theory]
    [InlineData(MissedPolicy.None, 0)]
    [InlineData(MissedPolicy.Once, 1)]
    [InlineData(MissedPolicy.All, 4)]
    public async Task A_month_of_seconds_is_dealt_with_at_once(MissedPolicy missed, int runs)
    {
        // In the mornings, so that none is on time at noon.
        var schedule = await _bakery.AddAsync("* * 0-10 * * *", missed: missed);
        await _bakery.TickAfterAsync(TimeSpan.FromDays(30));

        Assert.Equal(runs, _bakery.Started.Count);
        var lost = (await _bakery.ProgressAsync(schedule)).Runs[^1];
        Assert.Equal((RunOutcome.Missed, ScheduleRun.MaxCount, Bakery.Noon.AddHours(12)), (lost.Outcome, lost.Count, lost.Since));
        Assert.Equal(Bakery.Noon.AddDays(30).AddHours(-1).AddSeconds(-1 - runs), lost.Due);
    }

    [Fact]
    public async Task What_comes_while_a_schedule_is_paused_is_not_missed()
    {
        var schedule = await _bakery.AddAsync("0 * * * *", missed: MissedPolicy.All);
        await _bakery.Editor.EnableAsync(schedule.Id, null, enabled: false, Bakery.Baker, CancellationToken.None);
        Assert.Null((await _bakery.ProgressAsync(schedule)).NextRun);
        await _bakery.TickAfterAsync(FiveAndAHalfHours);
        await _bakery.Editor.EnableAsync(schedule.Id, null, enabled: true, Bakery.Baker, CancellationToken.None);
        await _bakery.TickAsync();

        Assert.Empty(_bakery.Started);
        Assert.Empty((await _bakery.ProgressAsync(schedule)).Runs);
        await _bakery.TickAfterAsync(TimeSpan.FromMinutes(30));
        Assert.Equal([Hour(6)], await _bakery.RunAsync(schedule));
    }

    private static DateTimeOffset Hour(int hours) => Bakery.Noon.AddHours(hours);

    private static void AssertMissed(ScheduleRun run, DateTimeOffset first, DateTimeOffset last, int count) =>
        Assert.Equal((RunOutcome.Missed, count == 1 ? null : first, last, count), (run.Outcome, run.Since, run.Due, run.Count));
}
