using Larder.Host.Tests.Support;
using Larder.Host.Tests.Triggers.Blobs;
using Larder.Host.Tests.Triggers.Support;
using Larder.Host.Tests.Triggers.Timers;
using Larder.Testing;

namespace Larder.Host.Tests.Triggers;

/// <summary>Storage may go away under a running host, and come back.</summary>
public class StorageOutageTests
{
    [Fact]
    public async Task Blobs_are_found_again_when_storage_is_back()
    {
        await using var azurite = await Azurite.StartAsync(onDisk: true);
        var fixture = new BlobFixture(azurite);
        var calls = new Calls<BlobHandedOver>();
        await using var host = await TestHost.StartAsync<Reading>(fixture.Settings, calls);
        await fixture.UploadAsync("before");
        await calls.NextAsync();
        await fixture.WhenCompletedAsync("Read", 1);

        await azurite.StopAsync();
        await Eventually.TrueAsync(() => Task.FromResult(host.Log.Messages.Any(line => line.Contains("could not be listed", StringComparison.Ordinal))));
        await azurite.InitializeAsync();
        await fixture.UploadAsync("after");

        Assert.Equal("after", (await calls.NextAsync()).Name);
        Assert.Empty(calls.Rest());
    }

    [Fact]
    public async Task A_timer_goes_on_when_storage_is_back()
    {
        await using var azurite = await Azurite.StartAsync(onDisk: true);
        var fixture = new TimerFixture(azurite);
        var calls = new Calls<TimerInfo>();
        await using var host = await fixture.StartAndWaitAsync<Ticking>(calls);
        fixture.Clock.SetUtcNow(TimerFixture.At(0, 5));
        await calls.NextAsync();
        await fixture.WhenWaitingAsync();

        // The lease cannot be renewed at 00:10, so the timer must not fire.
        await azurite.StopAsync();
        fixture.Clock.SetUtcNow(TimerFixture.At(0, 10));
        await Eventually.TrueAsync(() => Task.FromResult(host.Log.Messages.Any(line => line.StartsWith("Warning: The timer of 'Tick'", StringComparison.Ordinal))));
        Assert.Empty(calls.Rest());

        await azurite.InitializeAsync();
        var call = calls.NextAsync();
        while (!call.IsCompleted)
        {
            fixture.Clock.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(call, Task.Delay(TimeSpan.FromMilliseconds(50)));
        }

        Assert.Equal(TimerFixture.At(0, 5).UtcDateTime, (await call).ScheduleStatus!.Last);
    }

    private sealed class Reading(Calls<BlobHandedOver> calls)
    {
        [Function("Read")]
        public void Run([BlobTrigger("%Uploads%/{name}")] string blob, string name) => calls.Add(new("Read", name, blob));
    }

    private sealed class Ticking(Calls<TimerInfo> calls)
    {
        [Function("Tick")]
        public void Run([TimerTrigger("%Schedule%")] TimerInfo timer) => calls.Add(timer);
    }
}
