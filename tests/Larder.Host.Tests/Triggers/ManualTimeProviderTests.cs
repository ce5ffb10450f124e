using Larder.Testing;

namespace Larder.Host.Tests.Triggers;

public class ManualTimeProviderTests
{
    private readonly ManualTimeProvider clock = new();

    [Fact]
    public async Task A_delay_ends_when_the_clock_has_moved_past_it()
    {
        var delay = Task.Delay(TimeSpan.FromMinutes(5), clock);

        clock.Advance(TimeSpan.FromMinutes(4.9));
        Assert.False(delay.IsCompleted);

        clock.Advance(TimeSpan.FromMinutes(0.1));
        await delay;
    }

    [Fact]
    public void Timers_fire_in_their_order_each_at_its_own_time()
    {
        var fired = new List<(string, TimeSpan)>();
        var start = clock.GetUtcNow();
        using var later = Timer("later", 30, 0);
        using var every = Timer("every", 10, 20);
        using var never = clock.CreateTimer(_ => fired.Add(("never", default)), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        clock.Advance(TimeSpan.FromSeconds(60));

        Assert.Equal(
            [("every", TimeSpan.FromSeconds(10)), ("later", TimeSpan.FromSeconds(30)), ("every", TimeSpan.FromSeconds(30)), ("every", TimeSpan.FromSeconds(50))],
            fired);
        Assert.Equal(TimeSpan.FromSeconds(60), clock.GetUtcNow() - start);

        ITimer Timer(string name, int due, int period) => clock.CreateTimer(
            _ => fired.Add((name, clock.GetUtcNow() - start)), null, TimeSpan.FromSeconds(due), TimeSpan.FromSeconds(period));
    }

    [Fact]
    public void A_timer_that_was_disposed_does_not_fire()
    {
        var fired = 0;
        var timer = clock.CreateTimer(_ => fired++, null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        clock.Advance(TimeSpan.FromSeconds(1));

        timer.Dispose();
        clock.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal(1, fired);
    }

    [Fact]
    public async Task One_can_wait_until_a_timer_is_due_at_a_time()
    {
        var noon = clock.GetUtcNow().AddHours(12);
        var armed = clock.WhenTimerIsDue(due => due >= noon);

        using var early = clock.CreateTimer(_ => { }, null, TimeSpan.FromHours(1), Timeout.InfiniteTimeSpan);
        Assert.False(armed.IsCompleted);

        using var late = clock.CreateTimer(_ => { }, null, TimeSpan.FromHours(12), Timeout.InfiniteTimeSpan);
        await armed;
        await clock.WhenTimerIsDue(due => due == noon);
    }
}
