using System.Net;
using System.Text.Json.Nodes;
using Larder.Functions.Tests.Hosting;
using Larder.Registry.Jobs;
using Larder.Testing;

namespace Larder.Functions.Tests.Jobs;

[Collection(nameof(SharedJobs))]
public sealed class JobLogTests(JobsFixture larder)
{
    [Fact]
    public async Task Lines_come_in_pages_and_the_last_says_that_it_is()
    {
        var job = await larder.AddAsync("log-pages");
        await larder.LogAsync(job, 1, [.. Enumerable.Range(1, 25).Select(n => JobsFixture.Line(n, $"epoch {n}", n % 2 == 0 ? "err" : "out"))]);

        var first = await LogsAsync(job, "limit=20");
        var second = await LogsAsync(job, $"after={first.Body["next_after"]}&limit=20");

        Assert.Equal(Enumerable.Range(1, 25), Numbers(first).Concat(Numbers(second)));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse("""{"n":2,"t":"2030-01-01T12:00:00.123+00:00","s":"err","m":"epoch 2"}"""), first.Body["lines"]![1]));
        Assert.Equal((1, 20, 25), ((int)first.Body["attempt"]!, (int)first.Body["next_after"]!, (int)second.Body["next_after"]!));

        // Not before the job is over: more lines may come.
        Assert.False((bool)second.Body["is_end"]!);
        await EndAsync(job, JobState.Succeeded);
        Assert.False((bool)(await LogsAsync(job, "limit=20")).Body["is_end"]!);
        Assert.True((bool)(await LogsAsync(job, "after=25")).Body["is_end"]!);
    }

    [Fact]
    public async Task Each_attempt_has_its_log_and_the_last_is_meant()
    {
        var job = await larder.AddAsync("log-attempts", attempts: 2);
        await larder.LogAsync(job, 1, JobsFixture.Line(1, "first"));
        await larder.LogAsync(job, 2, JobsFixture.Line(1, "second"));

        Assert.Equal("second", (string?)(await LogsAsync(job)).Body["lines"]![0]!["m"]);
        Assert.Equal("first", (string?)(await LogsAsync(job, "attempt=1")).Body["lines"]![0]!["m"]);
        Assert.Equal(HttpStatusCode.NotFound, (await LogsAsync(job, "attempt=3")).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await LogsAsync(job, "attempt=0")).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await LogsAsync(job, "after=-1")).Status);
    }

    [Fact]
    public async Task A_job_without_a_line_has_an_empty_log()
    {
        var job = await larder.AddAsync("log-empty", JobState.Queued, attempts: 0);

        var answer = await LogsAsync(job);

        Assert.Empty(answer.Body["lines"]!.AsArray());
        Assert.Equal((0, false), ((int)answer.Body["next_after"]!, (bool)answer.Body["is_end"]!));
    }

    [Fact]
    public async Task When_the_script_could_not_begin_the_backends_own_words_are_the_log()
    {
        var job = await larder.AddAsync("log-backend");
        await larder.Files.WriteAsync(job.Id, "attempt-1/backend.log", BinaryData.FromString("python3:\r\nnot found\n"));
        Assert.Empty((await LogsAsync(job)).Body["lines"]!.AsArray());
        await EndAsync(job, JobState.Failed);

        var first = await LogsAsync(job, "limit=1");
        var second = await LogsAsync(job, "after=1");

        Assert.Equal(("sys", "python3:"), ((string?)first.Body["lines"]![0]!["s"], (string?)first.Body["lines"]![0]!["m"]));
        Assert.Equal((1, false), ((int)first.Body["next_after"]!, (bool)first.Body["is_end"]!));
        Assert.Equal("not found", (string?)second.Body["lines"]!.AsArray().Single()!["m"]);
        Assert.True((bool)second.Body["is_end"]!);
        Assert.Equal(["1 python3:", "2 not found", "end failed"], await (await LogListener.StartAsync(larder.Client, job)).RestAsync());
    }

    [Fact]
    public async Task A_stream_sends_lines_as_they_come_and_ends_with_the_job()
    {
        var job = await larder.AddAsync("log-live");
        await larder.LogAsync(job, 1, JobsFixture.Line(1, "one"), JobsFixture.Line(2, "two\nlines"));
        await using var listener = await LogListener.StartAsync(larder.Client, job);
        Assert.Equal("1 one", await listener.NextAsync());
        Assert.Equal("2 two\nlines", await listener.NextAsync());

        await larder.LogAsync(job, 1, JobsFixture.Line(3, "three"));
        Assert.Equal("3 three", await listener.NextAsync());

        await larder.LogAsync(job, 1, JobsFixture.Line(4, "four"));
        await EndAsync(job, JobState.TimedOut);
        Assert.Equal(["4 four", "end timed_out"], await listener.RestAsync());
    }

    [Fact]
    public async Task A_stream_that_broke_off_goes_on_after_the_last_line_that_was_seen()
    {
        var job = await larder.AddAsync("log-resumed", JobState.Succeeded);
        await larder.LogAsync(job, 1, [.. Enumerable.Range(1, 5000).Select(n => JobsFixture.Line(n, $"{n}"))]);

        await using var listener = await LogListener.StartAsync(larder.Client, job, lastEventId: "4998");
        await using var after = await LogListener.StartAsync(larder.Client, job, query: "?after=4999");
        await using var whole = await LogListener.StartAsync(larder.Client, job);

        Assert.Equal(["4999 4999", "5000 5000", "end succeeded"], await listener.RestAsync());
        Assert.Equal(["5000 5000", "end succeeded"], await after.RestAsync());
        Assert.Equal(5001, (await whole.RestAsync()).Count);
    }

    [Fact]
    public async Task A_stream_follows_from_one_attempt_to_the_next()
    {
        var job = await larder.AddAsync("log-follow");
        await larder.LogAsync(job, 1, JobsFixture.Line(1, "first"));
        await using var listener = await LogListener.StartAsync(larder.Client, job);
        await using var only = await LogListener.StartAsync(larder.Client, job, query: "?attempt=1");
        Assert.Equal("1 first", await listener.NextAsync());

        await larder.LogAsync(job, 2, JobsFixture.Line(1, "second"));
        await larder.Jobs.UpdateAsync(job.Id, read => read with { Attempts = [.. read.Attempts, new JobAttempt(2, read.Created)] });
        Assert.Equal("2.1 second", await listener.NextAsync());
        Assert.Equal(["1 first", "end running"], await only.RestAsync());

        await EndAsync(job, JobState.Succeeded);
        Assert.Equal(["end succeeded"], await listener.RestAsync());
        await using var resumed = await LogListener.StartAsync(larder.Client, job, lastEventId: "1");
        Assert.Equal(["2.1 second", "end succeeded"], await resumed.RestAsync());
    }

    [Fact]
    public async Task A_stream_of_a_job_that_is_deleted_ends()
    {
        var job = await larder.AddAsync("log-deleted");
        await larder.LogAsync(job, 1, JobsFixture.Line(1, "one"));
        await using var listener = await LogListener.StartAsync(larder.Client, job);
        Assert.Equal("1 one", await listener.NextAsync());

        // Both between two looks of the stream, or one after the other: it ends in either case.
        await EndAsync(job, JobState.Failed);
        await larder.Jobs.DeleteAsync(job.Id);

        Assert.Contains((await listener.RestAsync()).Single(), new[] { "end deleted", "end failed" });
    }

    [Theory]
    [InlineData("x")]
    [InlineData("0.1")]
    [InlineData("1.")]
    [InlineData("-1")]
    public async Task An_id_that_no_event_had_is_422(string id)
    {
        var job = await larder.AddAsync("log-no-id", JobState.Succeeded);

        var answer = await larder.Client.SendJsonAsync(
            HttpMethod.Get, $"/api/v1/jobs/{job.Id}/logs", null, ("Accept", "text/event-stream"), ("Last-Event-ID", id));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
    }

    [Fact]
    public async Task A_stream_ends_when_the_host_stops()
    {
        var job = await larder.AddAsync("log-stopped");
        await larder.LogAsync(job, 1, JobsFixture.Line(1, "one"));
        await using var host = await LarderProcess.StartAsync(larder.Storage);
        await using var listener = await LogListener.StartAsync(host.Client, job);
        Assert.Equal("1 one", await listener.NextAsync());

        Assert.Equal(0, await host.StopAsync());

        Assert.Empty(await listener.RestAsync());
    }

    [Fact]
    public async Task One_stream_more_than_a_caller_may_follow_is_429_until_another_is_closed()
    {
        var job = await larder.AddAsync("log-limited");
        await using var host = await LarderProcess.StartAsync(larder.Storage, ("Limits:LogStreams:PerCaller", "1"));
        var first = await LogListener.StartAsync(host.Client, job);

        var refused = await FollowAsync();
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.NotNull(refused.Headers.RetryAfter);
        // Pages are not counted.
        Assert.Equal(HttpStatusCode.OK, (await host.Client.GetJsonAsync($"/api/v1/jobs/{job.Id}/logs")).Status);

        await first.DisposeAsync();
        await Eventually.TrueAsync(async () => (await FollowAsync()).StatusCode == HttpStatusCode.OK);

        async Task<HttpResponseMessage> FollowAsync()
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/jobs/{job.Id}/logs") { Headers = { { "Accept", "text/event-stream" } } };
            var response = await host.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            response.Dispose();
            return response;
        }
    }

    private static IEnumerable<int> Numbers(Answer answer) => answer.Body["lines"]!.AsArray().Select(line => (int)line!["n"]!);

    private Task<Answer> LogsAsync(Job job, string query = "") => larder.Client.GetJsonAsync($"/api/v1/jobs/{job.Id}/logs?{query}");

    private Task<Job> EndAsync(Job job, JobState state) => larder.Jobs.UpdateAsync(job.Id, read => read with { State = state });
}
