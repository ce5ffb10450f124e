using Larder.Testing;

namespace Larder.Host.Tests.Durable;

/// <summary>Durable timers, on a clock that the tests move.</summary>
public sealed class TimerTests(Azurite azurite) : IClassFixture<Azurite>
{
    private static readonly TimeSpan second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan day = TimeSpan.FromDays(1);

    public static class Functions
    {
        [Function("Sleep")]
        public static async Task<DateTime> Sleep([OrchestrationTrigger] TaskOrchestrationContext context, TimeSpan time)
        {
            var due = context.CurrentUtcDateTime + time;
            await context.CreateTimer(due, CancellationToken.None);
            return context.CurrentUtcDateTime;
        }

        [Function("Race")]
        public static async Task<string> Race([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            using var cancellation = new CancellationTokenSource();
            var slow = context.CreateTimer(day, cancellation.Token);
            var quick = context.CreateTimer(second, CancellationToken.None);
            var winner = await Task.WhenAny(slow, quick);
            cancellation.Cancel();
            return winner == quick && slow.IsCanceled ? "quick" : "slow";
        }

        [Function("Leaves")]
        public static async Task<string> Leaves([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            _ = context.CreateTimer(30 * second, CancellationToken.None);
            await context.CreateTimer(second, CancellationToken.None);
            return "left";
        }
    }

    [Fact]
    public async Task A_timer_fires_at_its_time_and_not_before()
    {
        var clock = new ManualTimeProvider();
        var start = clock.GetUtcNow();
        await using var host = await DurableHost.StartAsync(azurite, [typeof(Functions)], DurableHost.On(clock));

        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Sleep", 10 * second);
        await clock.WhenTimerIsDue(due => due == start + 10 * second);
        clock.Advance(9.999 * second);
        Assert.Equal(OrchestrationRuntimeStatus.Running, (await host.Client.GetInstanceAsync(id))!.RuntimeStatus);
        clock.Advance(0.001 * second);

        Assert.Equal((start + 10 * second).UtcDateTime, (await host.EndOf(id)).ReadOutputAs<DateTime>());
    }

    [Fact]
    public async Task Timers_survive_a_restart_also_those_that_were_due_meanwhile()
    {
        var clock = new ManualTimeProvider();
        var start = clock.GetUtcNow();
        var hub = DurableHost.NewHubName();
        string soon, later;
        await using (var first = await DurableHost.StartAsync(azurite, hub, [typeof(Functions)], DurableHost.On(clock)))
        {
            soon = await first.Client.ScheduleNewOrchestrationInstanceAsync("Sleep", 10 * second);
            later = await first.Client.ScheduleNewOrchestrationInstanceAsync("Sleep", 40 * second);
            await clock.WhenTimerIsDue(due => due == start + 10 * second);
            await first.HistoryOf(later, history => history.Count == 1);
        }

        clock.Advance(20 * second);
        await using var second_ = await DurableHost.StartAsync(azurite, hub, [typeof(Functions)], DurableHost.On(clock));

        Assert.Equal((start + 20 * second).UtcDateTime, (await second_.EndOf(soon)).ReadOutputAs<DateTime>());
        await clock.WhenTimerIsDue(due => due == start + 40 * second);
        clock.Advance(20 * second);
        Assert.Equal((start + 40 * second).UtcDateTime, (await second_.EndOf(later)).ReadOutputAs<DateTime>());
    }

    [Fact]
    public async Task A_timer_that_lost_a_race_and_was_cancelled_holds_nobody()
    {
        var clock = new ManualTimeProvider();
        var start = clock.GetUtcNow();
        await using var host = await DurableHost.StartAsync(azurite, [typeof(Functions)], DurableHost.On(clock));

        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Race");
        await clock.WhenTimerIsDue(due => due == start + second);
        clock.Advance(second);

        Assert.Equal("quick", (await host.EndOf(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_timer_that_was_left_holds_its_instance_as_in_the_official_engine()
    {
        var clock = new ManualTimeProvider();
        var start = clock.GetUtcNow();
        await using var host = await DurableHost.StartAsync(azurite, [typeof(Functions)], DurableHost.On(clock));

        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Leaves");
        await clock.WhenTimerIsDue(due => due == start + second);
        clock.Advance(second);
        await host.HistoryOf(id, history => history.Count == 2);
        Assert.Equal(OrchestrationRuntimeStatus.Running, (await host.Client.GetInstanceAsync(id))!.RuntimeStatus);
        await clock.WhenTimerIsDue(due => due == start + 30 * second);
        clock.Advance(29 * second);

        Assert.Equal("left", (await host.EndOf(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task An_orchestration_that_is_to_start_later_starts_then()
    {
        var clock = new ManualTimeProvider();
        var start = clock.GetUtcNow();
        var hub = DurableHost.NewHubName();
        string id;
        await using (var first = await DurableHost.StartAsync(azurite, hub, [typeof(Functions)], DurableHost.On(clock)))
        {
            id = await first.Client.ScheduleNewOrchestrationInstanceAsync("Sleep", second, new StartOrchestrationOptions(StartAt: start + 20 * second));
            Assert.Equal(OrchestrationRuntimeStatus.Pending, (await first.Client.GetInstanceAsync(id))!.RuntimeStatus);
        }

        await using var host = await DurableHost.StartAsync(azurite, hub, [typeof(Functions)], DurableHost.On(clock));
        await clock.WhenTimerIsDue(due => due == start + 20 * second);
        Assert.Equal(OrchestrationRuntimeStatus.Pending, (await host.Client.GetInstanceAsync(id))!.RuntimeStatus);
        clock.Advance(20 * second);
        await host.Client.WaitForInstanceStartAsync(id);
        await clock.WhenTimerIsDue(due => due == start + 21 * second);
        clock.Advance(second);

        Assert.Equal((start + 21 * second).UtcDateTime, (await host.EndOf(id)).ReadOutputAs<DateTime>());
    }

    [Fact]
    public void Things_are_done_in_the_order_of_their_times_however_far_away_and_not_when_they_are_taken_back()
    {
        var clock = new ManualTimeProvider();
        var start = clock.GetUtcNow();
        using var queue = new TimerQueue(clock);
        var done = new List<(string, TimeSpan)>();
        void Schedule(string name, TimeSpan after) => queue.Schedule(start + after, () => done.Add((name, clock.GetUtcNow() - start)));

        Schedule("third", 40 * day);
        Schedule("first", second);
        var never = queue.Schedule(start + 2 * second, () => done.Add(("never", default)));
        Schedule("second", 3 * second);
        Schedule("past", -second);
        never.Dispose();
        clock.Advance(100 * day);

        Assert.Equal([("past", TimeSpan.Zero), ("first", second), ("second", 3 * second), ("third", 40 * day)], done);
    }
}
