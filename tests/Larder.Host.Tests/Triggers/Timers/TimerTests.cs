using Larder.Host.Tests.Support;
using Larder.Host.Tests.Triggers.Support;
using Larder.Testing;
using static Larder.Host.Tests.Triggers.Timers.TimerFixture;

namespace Larder.Host.Tests.Triggers.Timers;

/// <summary>When a timer fires, and what it tells.</summary>
[Collection(AzuriteCollection.Name)]
public class TimerTests(Azurite azurite)
{
    [Fact]
    public async Task A_timer_fires_at_its_occurrences_and_keeps_its_status_as_the_real_host_does()
    {
        var fixture = new TimerFixture(azurite);
        var calls = new Calls<TimerInfo>();
        await using var host = await fixture.StartAndWaitAsync<Ticking>(calls);
        var status = await fixture.ReadStatusAsync();
        Assert.Equal(["Last", "Next", "LastUpdated"], status.EnumerateObject().Select(property => property.Name));
        Assert.Equal(default, status.GetProperty("Last").GetDateTimeOffset());
        Assert.Equal(At(0, 5), status.GetProperty("Next").GetDateTimeOffset());
        Assert.Equal(At(0, 0), status.GetProperty("LastUpdated").GetDateTimeOffset());

        fixture.Clock.SetUtcNow(At(0, 5));
        var first = await calls.NextAsync();
        await fixture.WhenWaitingAsync();
        status = await fixture.ReadStatusAsync();
        fixture.Clock.SetUtcNow(At(0, 10));
        var second = await calls.NextAsync();

        Assert.False(first.IsPastDue);
        Assert.Equal(At(0, 5).UtcDateTime, first.ScheduleStatus!.Next);
        Assert.Equal(DateTimeKind.Utc, first.ScheduleStatus.Next.Kind);
        Assert.Equal(default, first.ScheduleStatus.Last);
        Assert.Equal("2024-01-01T00:05:00+00:00", status.GetProperty("Last").GetString());
        Assert.Equal("2024-01-01T00:10:00+00:00", status.GetProperty("Next").GetString());
        Assert.Equal(At(0, 5).UtcDateTime, second.ScheduleStatus!.Last);
        Assert.Equal(At(0, 10).UtcDateTime, second.ScheduleStatus.Next);
        Assert.Empty(calls.Rest());
    }

    [Fact]
    public async Task Occurrences_that_were_missed_are_made_up_for_once()
    {
        var fixture = new TimerFixture(azurite);
        var calls = new Calls<TimerInfo>();
        await using (await fixture.StartAndWaitAsync<Ticking>(calls))
        {
        }

        fixture.Clock.SetUtcNow(At(0, 17));
        await using (var host = await fixture.StartAsync<Ticking>(calls))
        {
            var late = await calls.NextAsync();
            await fixture.WhenWaitingAsync();
            fixture.Clock.SetUtcNow(At(0, 20));
            var next = await calls.NextAsync();

            Assert.True(late.IsPastDue);
            Assert.Equal(At(0, 5).UtcDateTime, late.ScheduleStatus!.Next);
            Assert.False(next.IsPastDue);
            Assert.Equal(At(0, 17).UtcDateTime, next.ScheduleStatus!.Last);
            Assert.Contains("Information: Function 'Tick' is past due on startup. Executing now.", host.Log.Messages);
            await fixture.WhenWaitingAsync();
        }

        await using (await fixture.StartAndWaitAsync<Ticking>(calls))
            Assert.Empty(calls.Rest());
    }

    [Fact]
    public async Task Runs_do_not_overlap_and_what_passed_meanwhile_comes_at_once_and_once()
    {
        var fixture = new TimerFixture(azurite);
        var calls = new Calls<TimerInfo>();
        var gate = new Gate();
        await using var host = await fixture.StartAndWaitAsync<Slow>(calls, gate);
        fixture.Clock.SetUtcNow(At(0, 5));
        await calls.NextAsync();

        fixture.Clock.SetUtcNow(At(0, 17));
        gate.Open();
        var after = await calls.NextAsync();
        await fixture.WhenWaitingAsync();

        Assert.Equal(1, gate.MostInside);
        Assert.False(after.IsPastDue);
        Assert.Equal(At(0, 5).UtcDateTime, after.ScheduleStatus!.Last);
        Assert.Empty(calls.Rest());
        Assert.Equal(At(0, 20), (await fixture.ReadStatusAsync()).GetProperty("Next").GetDateTimeOffset());
    }

    [Fact]
    public async Task A_run_that_a_stop_cuts_short_is_made_up_for()
    {
        var fixture = new TimerFixture(azurite);
        var calls = new Calls<TimerInfo>();
        await using (var host = await fixture.StartAndWaitAsync<Slow>(calls, new Gate()))
        {
            fixture.Clock.SetUtcNow(At(0, 6));
            await calls.NextAsync();
            await host.StopAsync();
        }

        await using (await fixture.StartAsync<Ticking>(calls))
            Assert.True((await calls.NextAsync()).IsPastDue);
    }

    [Fact]
    public async Task A_run_that_ends_well_during_a_stop_is_not_made_up_for()
    {
        var fixture = new TimerFixture(azurite);
        var calls = new Calls<TimerInfo>();
        var gate = new Gate { IgnoresCancellation = true };
        await using (var host = await fixture.StartAndWaitAsync<Slow>(calls, gate))
        {
            fixture.Clock.SetUtcNow(At(0, 6));
            await calls.NextAsync();
            var stopped = host.StopAsync();
            gate.Open();
            await stopped;
        }

        await using (await fixture.StartAndWaitAsync<Ticking>(calls))
            Assert.Empty(calls.Rest());
    }

    [Fact]
    public async Task A_function_that_fails_comes_again_at_its_next_occurrence()
    {
        var fixture = new TimerFixture(azurite);
        var calls = new Calls<TimerInfo>();
        await using var host = await fixture.StartAndWaitAsync<Failing>(calls);

        for (var minute = 5; minute <= 15; minute += 5)
        {
            fixture.Clock.SetUtcNow(At(0, minute));
            await calls.NextAsync();
            await fixture.WhenWaitingAsync();
        }

        Assert.Empty(calls.Rest());
        Assert.Equal(3, host.Log.Messages.Count(message => message.Contains("(Failed", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_timer_may_run_when_the_host_starts()
    {
        var fixture = new TimerFixture(azurite);
        fixture.Clock.SetUtcNow(At(0, 2));
        var calls = new Calls<TimerInfo>();
        await using var host = await fixture.StartAsync<OnStartup>(calls);
        var atStart = await calls.NextAsync();
        await fixture.WhenWaitingAsync();

        fixture.Clock.SetUtcNow(At(0, 5));
        await calls.NextAsync();

        Assert.False(atStart.IsPastDue);
        Assert.Contains("Information: Function 'Tick' is configured to run on startup. Executing now.", host.Log.Messages);
        Assert.Empty(calls.Rest());
    }

    [Fact]
    public async Task Without_monitor_nothing_is_kept_and_nothing_made_up_for()
    {
        var fixture = new TimerFixture(azurite);
        var calls = new Calls<TimerInfo>();
        await using (await fixture.StartAndWaitAsync<Unmonitored>(calls))
        {
        }

        fixture.Clock.SetUtcNow(At(0, 17));
        await using var host = await fixture.StartAndWaitAsync<Unmonitored>(calls);
        fixture.Clock.SetUtcNow(At(0, 20));
        var call = await calls.NextAsync();

        Assert.False(call.IsPastDue);
        Assert.Null(call.ScheduleStatus);
        Assert.Empty(calls.Rest());
        Assert.False(await fixture.Status.ExistsAsync());
    }

    [Theory]
    [InlineData("*/20 * * * * *")]
    [InlineData("00:00:20")]
    public async Task More_than_one_run_a_minute_is_not_kept(string schedule)
    {
        var fixture = new TimerFixture(azurite, schedule);
        var calls = new Calls<TimerInfo>();
        await using var host = await fixture.StartAsync<Ticking>(calls);
        for (var second = 20; second <= 60; second += 20)
        {
            // Shorter waits are the lease's.
            await fixture.Clock.WhenTimerIsSet(due => due == Midnight.AddSeconds(second));
            fixture.Clock.SetUtcNow(Midnight.AddSeconds(second));
            Assert.Null((await calls.NextAsync()).ScheduleStatus);
        }

        Assert.False(await fixture.Status.ExistsAsync());
    }

    [Fact]
    public async Task A_time_span_counts_from_the_last_start()
    {
        var fixture = new TimerFixture(azurite, "00:07:00");
        fixture.Clock.SetUtcNow(At(0, 1));
        var calls = new Calls<TimerInfo>();
        await using var host = await fixture.StartAndWaitAsync<Ticking>(calls);

        fixture.Clock.SetUtcNow(At(0, 8));
        await calls.NextAsync();
        await fixture.WhenWaitingAsync();

        Assert.Equal(At(0, 15), (await fixture.ReadStatusAsync()).GetProperty("Next").GetDateTimeOffset());
    }

    [Fact]
    public async Task Another_schedule_than_before_has_missed_nothing()
    {
        var fixture = new TimerFixture(azurite, "0 0 * * * *");
        var calls = new Calls<TimerInfo>();
        await using (await fixture.StartAndWaitAsync<Ticking>(calls))
        {
        }

        fixture.Clock.SetUtcNow(At(3, 10));
        fixture.Settings["Schedule"] = "0 30 * * * *";
        await using var host = await fixture.StartAndWaitAsync<Ticking>(calls);
        Assert.Equal(At(3, 30), (await fixture.ReadStatusAsync()).GetProperty("Next").GetDateTimeOffset());
        fixture.Clock.SetUtcNow(At(3, 30));

        Assert.False((await calls.NextAsync()).IsPastDue);
        Assert.Empty(calls.Rest());
    }

    [Fact]
    public async Task A_schedule_is_on_the_clock_of_the_time_zone_that_is_set()
    {
        var fixture = new TimerFixture(azurite, "0 30 9 * * *");
        fixture.Settings["WEBSITE_TIME_ZONE"] = "Asia/Tokyo";
        var calls = new Calls<TimerInfo>();
        await using var host = await fixture.StartAndWaitAsync<Ticking>(calls);

        Assert.Equal("2024-01-01T09:30:00+09:00", (await fixture.ReadStatusAsync()).GetProperty("Next").GetString());
        fixture.Clock.SetUtcNow(At(0, 30));
        Assert.Equal(At(0, 30).UtcDateTime, (await calls.NextAsync()).ScheduleStatus!.Next);
    }

    [Fact]
    public async Task A_schedule_that_never_occurs_is_told_and_does_no_harm()
    {
        var fixture = new TimerFixture(azurite, "0 0 0 30 2 *");
        var calls = new Calls<TimerInfo>();
        await using var host = await fixture.StartAndWaitAsync<Ticking>(calls);

        Assert.Contains(
            "Warning: The 'Tick' schedule (0 0 0 30 2 *, UTC) never occurs: no month that it names has a day that it names.", host.Log.Messages);
        Assert.Empty(calls.Rest());
    }

    [Fact]
    public async Task The_next_occurrences_are_told()
    {
        var fixture = new TimerFixture(azurite, "0 0 6 * * Mon");
        fixture.Settings["Logging:LogLevel:Host.Triggers.Timer"] = "Debug";
        await using var host = await fixture.StartAndWaitAsync<Ticking>(new Calls<TimerInfo>());

        var told = Assert.Single(host.Log.Messages, message => message.Contains("occurrences", StringComparison.Ordinal));
        Assert.Equal(
            [
                "Debug: The next 5 occurrences of the 'Tick' schedule (0 0 6 * * Mon, UTC) will be:",
                "2024-01-01 06:00:00+00:00", "2024-01-08 06:00:00+00:00", "2024-01-15 06:00:00+00:00", "2024-01-22 06:00:00+00:00", "2024-01-29 06:00:00+00:00",
            ],
            told.Split(Environment.NewLine));
    }

    [Fact]
    public async Task Of_two_hosts_one_fires_and_the_other_takes_over()
    {
        var fixture = new TimerFixture(azurite);
        Calls<TimerInfo>[] calls = [new(), new()];
        TestHost[] hosts = [await fixture.StartAndWaitAsync<Ticking>(calls[0]), await fixture.StartAsync<Ticking>(calls[1])];
        try
        {
            for (var minute = 5; minute <= 30; minute += 5)
            {
                fixture.Clock.SetUtcNow(At(0, minute));
                Assert.False((await calls[0].NextAsync()).IsPastDue);
                await fixture.WhenWaitingAsync();
            }

            Assert.Empty(calls[1].Rest());
            await hosts[0].StopAsync();

            // The other asks for the lock every five seconds.
            var waiting = fixture.WhenWaitingAsync();
            while (!waiting.IsCompleted)
            {
                fixture.Clock.Advance(TimeSpan.FromSeconds(1));
                await Task.WhenAny(waiting, Task.Delay(TimeSpan.FromMilliseconds(20)));
            }

            fixture.Clock.SetUtcNow(At(0, 35));
            var taken = await calls[1].NextAsync();
            Assert.Equal(At(0, 30).UtcDateTime, taken.ScheduleStatus!.Last);
            Assert.Empty(calls[0].Rest());
        }
        finally
        {
            foreach (var host in hosts)
                await host.DisposeAsync();
        }
    }

    private sealed class Ticking(Calls<TimerInfo> calls)
    {
        [Function("Tick")]
        public void Run([TimerTrigger("%Schedule%")] TimerInfo timer) => calls.Add(timer);
    }

    private sealed class Failing(Calls<TimerInfo> calls)
    {
        [Function("Tick")]
        public void Run([TimerTrigger("%Schedule%")] TimerInfo timer)
        {
            calls.Add(timer);
            throw new InvalidOperationException("It always fails.");
        }
    }

    private sealed class Slow(Calls<TimerInfo> calls, Gate gate)
    {
        [Function("Tick")]
        public Task Run([TimerTrigger("%Schedule%")] TimerInfo timer, CancellationToken cancellationToken)
        {
            calls.Add(timer);
            return gate.PassAsync(cancellationToken);
        }
    }

    private sealed class OnStartup(Calls<TimerInfo> calls)
    {
        [Function("Tick")]
        public void Run([TimerTrigger("%Schedule%", RunOnStartup = true)] TimerInfo timer) => calls.Add(timer);
    }

    private sealed class Unmonitored(Calls<TimerInfo> calls)
    {
        [Function("Tick")]
        public void Run([TimerTrigger("%Schedule%", UseMonitor = false)] TimerInfo timer) => calls.Add(timer);
    }

    // What a slow function waits at.
    private sealed class Gate
    {
        private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _inside;

        public bool IgnoresCancellation { get; init; }

        public int MostInside { get; private set; }

        public void Open() => _open.SetResult();

        public async Task PassAsync(CancellationToken cancellationToken)
        {
            MostInside = Math.Max(MostInside, Interlocked.Increment(ref _inside));
            await _open.Task.WaitAsync(IgnoresCancellation ? CancellationToken.None : cancellationToken);
            Interlocked.Decrement(ref _inside);
        }
    }
}
