using System.Net;
using Larder.Functions.Tests.Hosting;
using Larder.Testing;

namespace Larder.Functions.Tests.Training;

[Collection(nameof(SharedTraining))]
public sealed class StoppedTrainingTests(TrainingFixture larder)
{
    [Fact]
    public async Task Children_daemons_and_a_script_that_ignore_SIGTERM_are_gone_after_a_time_out_and_after_a_cancel()
    {
        // Arguments of sleep that no other process has.
        var (first, second) = ($"98{Random.Shared.Next(1_000_000, 9_999_999)}.1", $"98{Random.Shared.Next(1_000_000, 9_999_999)}.2");
        var timesOut = await larder.SubmitAsync("deaf-1", IgnoresSignals(first), options: """{"timeout": 8}""");
        var canceled = await larder.SubmitAsync("deaf-2", IgnoresSignals(second));
        await Eventually.TrueAsync(() => Task.FromResult(JobProcesses.WithArgument(second).Count == 4));
        Assert.Equal(HttpStatusCode.Accepted, await CancelAsync(canceled));
        Assert.Equal(HttpStatusCode.Accepted, await CancelAsync(canceled));

        var job = await larder.EndAsync(timesOut);
        Assert.Equal(("timed_out", "It ran longer than 8 seconds, which is its time-out, and was stopped."), ((string?)job["state"], (string?)job["reason"]));
        Assert.Empty(JobProcesses.WithArgument(first));
        job = await larder.EndAsync(canceled);
        Assert.Equal(("canceled", "It was canceled."), ((string?)job["state"], (string?)job["reason"]));
        Assert.NotNull(job["cancel_requested"]);
        Assert.Empty(JobProcesses.WithArgument(second));

        // What it said before is kept; cancelling what is canceled is fine, and what timed out is not canceled any more.
        Assert.Contains("out ready", await larder.LinesAsync(canceled));
        Assert.Contains("out ready", await larder.LinesAsync(timesOut));
        Assert.Equal(HttpStatusCode.OK, await CancelAsync(canceled));
        Assert.Equal(HttpStatusCode.Conflict, await CancelAsync(timesOut));

        static string IgnoresSignals(string argument) => $$"""
            import os, shutil, signal, subprocess
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            sleep = shutil.which("sleep")
            def leave(daemon, environment):
                if os.fork() == 0:
                    if daemon:
                        os.setsid()
                        if os.fork():
                            os._exit(0)
                    os.execve(sleep, ["sleep", "{{argument}}"], environment)
            leave(False, os.environ)
            leave(True, os.environ)
            leave(True, {})
            print("ready")
            subprocess.call([sleep, "{{argument}}"])
            """;
    }

    [Fact]
    public async Task A_script_that_heeds_SIGTERM_may_tidy_up()
    {
        var id = await larder.SubmitAsync("tidy", "import signal, sys, time\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit('tidied up'))\nprint('ready')\ntime.sleep(900)");
        await Eventually.TrueAsync(async () => (await larder.Client.GetJsonAsync($"/api/v1/jobs/{id}/logs")).Body["lines"]!.AsArray().Count > 0);
        Assert.Equal(HttpStatusCode.Accepted, await CancelAsync(id));

        Assert.Equal("canceled", (string?)(await larder.EndAsync(id))["state"]);
        Assert.Equal(["out ready", "err tidied up"], (await larder.LinesAsync(id)).Where(line => !line.StartsWith("sys", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_time_out_is_one_whoever_sees_it_first_and_is_not_tried_again()
    {
        var job = await larder.TrainAsync("brief", "import time\ntime.sleep(900)", options: """{"timeout": 1, "attempts": 3}""");

        Assert.True((string)job["state"]! == "timed_out", job.ToString());
        Assert.Equal("It ran longer than 1 seconds, which is its time-out, and was stopped.", (string?)job["reason"]);
        Assert.Single(job["attempts"]!.AsArray());
    }

    [Fact]
    public async Task A_job_that_runs_shows_its_status_and_cannot_be_deleted_or_retried()
    {
        var id = await larder.SubmitAsync("watched", "import time\ntime.sleep(900)");
        await larder.StateAsync(id, "running");
        await Eventually.TrueAsync(async () => (string?)(await larder.JobAsync(id))["status"]?["step"] == "run");

        var job = await larder.JobAsync(id);
        Assert.Equal(1, (int)job["status"]!["attempt"]!);
        Assert.Equal(["stage", "start", "run"], job["steps"]!.AsArray().Select(step => (string)step!["name"]!));
        Assert.Null(job["steps"]![2]!["finished"]);
        foreach (var refused in new[]
        {
            await larder.Client.SendJsonAsync(HttpMethod.Delete, $"/api/v1/jobs/{id}"),
            await larder.Client.SendJsonAsync(HttpMethod.Post, $"/api/v1/jobs/{id}/retry"),
        })
        {
            Assert.Equal(HttpStatusCode.Conflict, refused.Status);
            Assert.Contains(id, refused.Description);
        }

        Assert.Equal("running", (string?)(await larder.JobAsync(id))["state"]);
        await CancelAsync(id);
        Assert.Equal("canceled", (string?)(await larder.EndAsync(id))["state"]);
    }

    [Fact]
    public async Task Cancelling_while_the_model_is_being_registered_is_too_late_and_the_job_says_so()
    {
        var storage = await Azurite.AccountAsync();
        var endpoint = storage.Split(';').First(part => part.StartsWith("BlobEndpoint=", StringComparison.Ordinal))["BlobEndpoint=".Length..];
        var target = new Uri(new Uri(endpoint), "/");
        // The first write of the model's document is the registration's. It is one to the storage account only where documents are blobs.
        await using var proxy = await HoldingProxy.StartAsync(
            target, request => request.Method == "PUT" && request.Path.Value!.Contains("/documents/") && request.Path.Value.Contains("late-model"));
        await using var held = await LarderProcess.StartAsync(storage.Replace(target.Authority, proxy.Address.Authority), ("Store:Kind", "blobs"));
        var answer = await held.Client.TrainAsync("late-model", TrainingClient.Copy);
        var id = (string)answer.Body["job"]!["id"]!;
        var ended = held.Client.EndOfAsync(id, () => held.Log);
        Assert.Same(proxy.Held, await Task.WhenAny(proxy.Held, ended));

        Assert.Equal("register", (string?)(await held.Client.GetJsonAsync($"/api/v1/jobs/{id}")).Body["job"]!["status"]!["step"]);
        Assert.Equal(HttpStatusCode.Accepted, (await held.Client.SendJsonAsync(HttpMethod.Post, $"/api/v1/jobs/{id}/cancel")).Status);
        proxy.Release();

        var job = await ended;
        Assert.True((string)job["state"]! == "succeeded", job.ToString());
        Assert.Equal("It was too late to cancel: version 1 was being registered.", (string?)job["reason"]);
        Assert.Equal(1, (int)job["version"]!);
        Assert.Equal(HttpStatusCode.Conflict, (await held.Client.SendJsonAsync(HttpMethod.Post, $"/api/v1/jobs/{id}/cancel")).Status);
    }

    private async Task<HttpStatusCode> CancelAsync(string job) => (await larder.Client.SendJsonAsync(HttpMethod.Post, $"/api/v1/jobs/{job}/cancel")).Status;
}

[Collection(nameof(SharedNarrow))]
public sealed class NarrowTrainingTests(NarrowFixture larder)
{
    [Fact]
    public async Task A_job_that_waits_for_room_can_be_canceled_and_never_runs()
    {
        var first = await larder.SubmitAsync("room-1", "import time\ntime.sleep(900)");
        await larder.StateAsync(first, "running");
        var second = await larder.SubmitAsync("room-2", TrainingClient.Copy);
        await Eventually.TrueAsync(async () => (string?)(await larder.JobAsync(second))["status"]?["step"] == "wait_for_room");
        Assert.Equal("queued", (string?)(await larder.JobAsync(second))["state"]);

        await larder.Client.SendJsonAsync(HttpMethod.Post, $"/api/v1/jobs/{second}/cancel");
        var job = await larder.EndAsync(second);
        Assert.Equal(("canceled", "It was canceled."), ((string?)job["state"], (string?)job["reason"]));
        Assert.Empty(job["attempts"]!.AsArray());
        Assert.Null(job["started"]);
        Assert.Equal("running", (string?)(await larder.JobAsync(first))["state"]);

        await larder.Client.SendJsonAsync(HttpMethod.Post, $"/api/v1/jobs/{first}/cancel");
        await larder.EndAsync(first);
    }

    [Fact]
    public async Task A_script_that_fills_the_disk_is_ended_with_the_quota_as_its_reason()
    {
        var many = await larder.TrainAsync("disk-many", """
            import time
            for i in range(9):
                open(f"part-{i}", "wb").write(b"x" * 10_000_000)
            time.sleep(900)
            """);
        var one = await larder.TrainAsync("disk-one", "open('whole', 'wb').write(b'x' * 70_000_000)");

        Assert.Equal(("failed", "It used more than 0.06 GB of disk."), ((string?)many["state"], (string?)many["reason"]));
        // A file as long as the quota fails in the script, and fills the disk: the script's own end and the watcher of the quota race. Both reasons are right.
        Assert.Equal("failed", (string?)one["state"]);
        Assert.True(
            (string?)one["reason"] is "The script ended with exit code 1: OSError: [Errno 27] File too large" or "It used more than 0.06 GB of disk.", (string?)one["reason"]);
    }
}
