using System.Text.Json;
using Azure.Storage.Blobs;
using Larder.Host.Tests.Support;
using Larder.Host.Tests.Triggers.Support;
using Larder.Testing;

namespace Larder.Host.Tests.Triggers.Timers;

/// <summary>An application of its own with a timer named Tick, on a shared storage and a clock that the test moves.</summary>
internal sealed class TimerFixture
{
    public static readonly DateTimeOffset Midnight = new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public TimerFixture(Azurite azurite, string schedule = "0 */5 * * * *")
    {
        Settings = TestHost.SettingsOn(azurite);
        Settings["Schedule"] = schedule;
        Status = new BlobClient(
            azurite.ConnectionString, "azure-webjobs-hosts", $"timers/{Settings["AzureFunctionsWebHost:hostid"]}/Host.Functions.Tick/status");
    }

    /// <summary>Begins at midnight.</summary>
    public WatchedTimeProvider Clock { get; } = new(Midnight);

    /// <summary>For <see cref="TestHost"/>.</summary>
    public Dictionary<string, string?> Settings { get; }

    /// <summary>Where the host keeps the timer's status.</summary>
    public BlobClient Status { get; }

    /// <summary>A time of the first day.</summary>
    public static DateTimeOffset At(int hour, int minute) => Midnight.AddHours(hour).AddMinutes(minute);

    /// <summary>Starts a host; returns when its timer waits for an occurrence that is more than a minute away.</summary>
    public async Task<TestHost> StartAndWaitAsync<TFunctions>(params object[] services)
    {
        var host = await StartAsync<TFunctions>(services);
        await WhenWaitingAsync();
        return host;
    }

    /// <summary>Starts a host.</summary>
    public Task<TestHost> StartAsync<TFunctions>(params object[] services) => TestHost.StartAsync<TFunctions>(Settings, [Clock, .. services]);

    /// <summary>Waits until the timer waits for an occurrence that is more than a minute away: nothing else waits so long.</summary>
    public Task WhenWaitingAsync()
    {
        var now = Clock.GetUtcNow();
        return Clock.WhenTimerIsSet(due => due >= now.AddMinutes(1)).WaitAsync(TimeSpan.FromMinutes(2));
    }

    /// <summary>The status as it is kept.</summary>
    public async Task<JsonElement> ReadStatusAsync() =>
        JsonDocument.Parse((await Status.DownloadContentAsync()).Value.Content).RootElement;
}
