using System.Net;
using System.Text;
using Larder.Testing;

namespace Larder.Worker.Tests;

/// <summary>Orchestrations: turns and activities that go through the hub to the worker and back, and what the app asks of the hub.</summary>
[Collection(nameof(SharedWorker))]
public sealed class TrainingTests(WorkerFixture worker)
{
    // Writes a line and then runs until it is killed.
    private const string Endless = "import signal\nprint('begun', flush=True)\nsignal.pause()\n";

    [Fact]
    public async Task A_training_becomes_a_version_behind_its_alias()
    {
        var job = await worker.Client.TrainAsync(
            "trained", Api.Sample("iris/train.py"), """{"alias": "champion", "gate": {"metric": "accuracy", "threshold": 0.9}, "compile": {}}""");

        var end = await worker.Client.EndOfAsync(job, worker.Host.Log);

        Assert.True((string)end["state"]! == "succeeded", $"{end}\n{worker.Host.Log}");
        Assert.Equal((1, 2), ((int)end["version"]!, (int)end["optimized_version"]!));
        var (status, body) = await worker.Client.PredictAsync("trained:champion", """{"values": [5.1, 3.5, 1.4, 0.2]}""");
        Assert.Equal((HttpStatusCode.OK, "[0]"), (status, body["values"]!.ToJsonString()));
        Assert.Contains("event: end", await ReadLogAsync(job));
    }

    [Fact]
    public async Task A_failed_training_says_what_its_script_did()
    {
        var job = await worker.Client.TrainAsync("failed", Encoding.UTF8.GetBytes("raise SystemExit(3)"));

        var end = await worker.Client.EndOfAsync(job, worker.Host.Log);

        Assert.Equal("failed", (string)end["state"]!);
        Assert.Equal(3, (int)end["exit_code"]!);
    }

    [Fact]
    public async Task A_stream_ends_when_its_invocation_is_cancelled_and_the_job_when_an_event_says_so_and_its_history_goes()
    {
        var job = await worker.Client.TrainAsync("endless", Encoding.UTF8.GetBytes(Endless));
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/jobs/{job}/logs") { Headers = { { "Accept", "text/event-stream" } } };
        using var response = await worker.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        string? line;
        while ((line = await reader.ReadLineAsync()) is not null && !line.Contains("begun", StringComparison.Ordinal))
        {
        }

        Assert.NotNull(line);

        // The connection stays open: only the message can end the function.
        worker.Host.Invoker.Cancel(Assert.Single(worker.Host.Front.Running("GetJobLogs")));
        await Eventually.TrueAsync(() => Task.FromResult(!worker.Host.Front.Running("GetJobLogs").Any()));

        Assert.Equal("running", (string)(await worker.Client.JobAsync(job))["state"]!);
        var (status, _) = await worker.Client.SendJsonAsync(HttpMethod.Post, $"/api/v1/jobs/{job}/cancel");
        Assert.Equal(HttpStatusCode.Accepted, status);
        Assert.Equal("canceled", (string)(await worker.Client.EndOfAsync(job, worker.Host.Log))["state"]!);

        Assert.NotNull(await worker.Host.Hub.Service.GetOrchestrationStateAsync(job, executionId: null));
        Assert.Equal(HttpStatusCode.OK, (await worker.Client.SendJsonAsync(HttpMethod.Delete, $"/api/v1/jobs/{job}")).Status);
        Assert.Null(await worker.Host.Hub.Service.GetOrchestrationStateAsync(job, executionId: null));
    }

    private async Task<string> ReadLogAsync(string job)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/jobs/{job}/logs") { Headers = { { "Accept", "text/event-stream" } } };
        using var response = await worker.Client.SendAsync(request);
        return await response.Content.ReadAsStringAsync();
    }
}
