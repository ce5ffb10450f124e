using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Larder.Functions.Tests.Hosting;
using Larder.Functions.Tests.Schedules;
using Larder.Functions.Tests.Training;
using Larder.Testing;
using Larder.Testing.Onnx;
using Xunit.Abstractions;

namespace Larder.Functions.Tests.Chaos;

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
        if (await StartAsync(("Jobs:Process:LeaseTtl", "00:00:10")) is not { } larder)
            return;
        await using var _ = larder;
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

    [Fact]
    public async Task A_token_ends_by_the_clock_that_the_server_has_and_is_taken_again_when_that_is_set_back()
    {
        if (await StartAsync(("MasterKey", "the-key-of-master-2c9f")) is not { } larder)
            return;
        await using var _ = larder;
        using var made = await SendAsync(
            HttpMethod.Post, "/api/v1/admin/tokens", "the-key-of-master-2c9f", $$"""{"name": "short", "role": "reader", "expires": "{{DateTimeOffset.UtcNow.AddMinutes(30):O}}"}""");
        var token = (string)JsonNode.Parse(await made.Content.ReadAsStringAsync())!["token"]!;

        Assert.Equal(HttpStatusCode.OK, await ListAsync());
        Set(3600);
        Assert.Equal(HttpStatusCode.Unauthorized, await ListAsync());
        Set(0);
        Assert.Equal(HttpStatusCode.OK, await ListAsync());

        async Task<HttpStatusCode> ListAsync()
        {
            using var answer = await SendAsync(HttpMethod.Get, "/api/v1/models", token);
            return answer.StatusCode;
        }

        async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string credential, string? json = null)
        {
            using var request = new HttpRequestMessage(method, path) { Headers = { Authorization = new("Bearer", credential) } };
            if (json is not null)
                request.Content = new StringContent(json, Encoding.UTF8, "application/json");
            return await larder.Client.SendAsync(request);
        }
    }

    /// <summary>Starts a server whose clock can be set; null, and a line that says so, where none can.</summary>
    private async Task<LarderProcess?> StartAsync(params (string Name, string Value)[] settings)
    {
        if (Library() is not { } library)
        {
            output.WriteLine("libfaketime is not installed (Debian: faketime): no clock can be set here.");
            return null;
        }

        Set(0);
        return await LarderProcess.StartAsync(
            _azurite!.ConnectionString,
            [
                ("LD_PRELOAD", library), ("FAKETIME_TIMESTAMP_FILE", Clock), ("FAKETIME_NO_CACHE", "1"), ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
                ("LocalFolder", Path.Combine(_folder, "local")), .. settings,
            ]);
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
