using System.Globalization;
using Larder.Testing;
using Xunit.Abstractions;

namespace Larder.Functions.Tests;

/// <summary>
/// A server whose clock is set forward by an hour and back again while it works: a real one, under libfaketime (Debian: faketime), which gives the process the
/// time that a file says. Storage keeps the true time, as that of others does.
/// </summary>
public sealed class ClockJumpTests(ITestOutputHelper output) : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("larder-clock-").FullName;
    private Azurite? _azurite;

    private string Clock => Path.Combine(_folder, "clock");

    public async Task InitializeAsync() => _azurite = await Azurite.StartAsync();

    public async Task DisposeAsync()
    {
        await ((IAsyncDisposable)_azurite!).DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task An_hour_forward_and_back_loses_no_job_and_stops_neither_schedules_nor_timers()
    {
        if (Library() is not { } library)
        {
            output.WriteLine("libfaketime is not installed (Debian: faketime): no clock can be set here.");
            return;
        }

        Set(0);
        await using var larder = await LarderProcess.StartAsync(
            _azurite!.ConnectionString,
            ("LD_PRELOAD", library), ("FAKETIME_TIMESTAMP_FILE", Clock), ("FAKETIME_NO_CACHE", "1"), ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
            ("LocalFolder", Path.Combine(_folder, "local")), ("Jobs:Process:LeaseTtl", "00:00:10"));
        var client = larder.Client;
        Assert.Equal(201, (await client.UploadAsync("iris", OnnxModel.Linear(classes: 3))).Code);
        // In half an hour: an hour forward passes one occurrence, and this test none.
        var hourly = await ScheduleAsync(client, "hourly", $"{DateTimeOffset.UtcNow.AddMinutes(30).Minute} * * * *");
        var training = await client.TrainAsync(
            "trained",
            $"""
            import os, time
            print("ready", flush=True)
            while not os.path.exists(os.path.join(os.environ["TMPDIR"], "go")):
                time.sleep(.1)
            {TrainingClient.Copy}
            """,
            options: """{"timeout": 14400}""");
        var job = (string)training.Body["job"]!["id"]!;
        await Eventually.TrueAsync(async () => (await LinesAsync(client, job)).Contains("ready"));

        Set(3600);
        var missed = await client.EndOfRunAsync(hourly, () => larder.Log);
        Assert.Equal("started", (string?)missed["outcome"]);
        await WorksAsync(client, "forward");
        var running = (await client.GetJsonAsync($"/api/v1/jobs/{job}")).Body["job"]!;
        Assert.True(((string?)running["state"], running["attempts"]!.AsArray().Count) == ("running", 1), running.ToString());

        Set(0);
        await WorksAsync(client, "back");
        // What was run by the clock that was wrong is not run again; what is asked for, is.
        Assert.Single(await client.RunsAsync(hourly));
        Assert.Equal("succeeded", (string?)(await client.RunToEndAsync(hourly))["state"]);
        // A new schedule each minute: the timers have not stopped until the clock has caught up.
        var minutely = await ScheduleAsync(client, "minutely", "* * * * *");
        Assert.Equal("started", (string?)(await client.EndOfRunAsync(minutely, () => larder.Log))["outcome"]);
        await File.WriteAllTextAsync(Path.Combine(_folder, "local", "0", "jobs", job, "1", "tmp", "go"), "");
        var ended = await client.EndOfAsync(job, () => larder.Log);

        Assert.True((string?)ended["state"] == "succeeded", $"{ended}\n{larder.Log}");
        Assert.Single(ended["attempts"]!.AsArray());
    }

    private static async Task<string> ScheduleAsync(HttpClient client, string name, string cron)
    {
        var made = await client.ScheduleAsync($$$"""{"name": "{{{name}}}", "cron": "{{{cron}}}", "missed": "once", "job": {"type": "export", "model": "*"}}""");
        Assert.True(made.Code == 201, made.Description);
        return (string)made.Body["schedule"]!["id"]!;
    }

    /// <summary>Predictions, and a training from its upload to its version: URLs that end, leases, durable timers.</summary>
    private static async Task WorksAsync(HttpClient client, string name)
    {
        Assert.Equal(200, (await client.GetJsonAsync("/readyz")).Code);
        Assert.Equal(200, (await client.GetJsonAsync("/api/v1/models/iris")).Code);
        var trained = await client.TrainToEndAsync($"trained-{name}", TrainingClient.Copy);
        Assert.True((string?)trained["state"] == "succeeded", trained.ToString());
    }

    private static async Task<IReadOnlyList<string>> LinesAsync(HttpClient client, string job) =>
        [.. (await client.GetJsonAsync($"/api/v1/jobs/{job}/logs?limit=100")).Body["lines"]!.AsArray().Select(line => (string)line!["m"]!)];

    private static string? Library() => Directory.Exists("/usr/lib")
        ? Directory.EnumerateFiles("/usr/lib", "libfaketimeMT.so.1", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 3, IgnoreInaccessible = true }).FirstOrDefault()
        : null;

    private void Set(int seconds)
    {
        var next = $"{Clock}.new";
        File.WriteAllText(next, seconds.ToString("+0;-0;+0", CultureInfo.InvariantCulture));
        File.Move(next, Clock, overwrite: true);
    }
}
