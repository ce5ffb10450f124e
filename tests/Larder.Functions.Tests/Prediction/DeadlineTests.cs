using System.Net;
using Larder.Functions.Tests.Hosting;
using Larder.Testing;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Prediction;

/// <summary>Within which time callers want answers, in each dialect; and bounded queues.</summary>
[Collection(nameof(SharedLarder))]
public sealed class DeadlineTests(LarderFixture larder)
{
    // A run of them ends when its request does.
    private const string Endless = "1000000000000";

    private readonly HttpClient _client = larder.Client;

    [Theory]
    [InlineData("/api/v1/models/deadline/prediction?timeout=0.2", """{"values":[TURNS]}""")]
    [InlineData("/v2/models/deadline/infer", """{"inputs":[{"name":"turns","shape":[1],"datatype":"INT64","data":[TURNS]}],"parameters":{"timeout":200000}}""")]
    [InlineData("/api/v1/models/deadline/prediction", """{"values":[TURNS]}""", "wait=1")]
    [InlineData("/api/v1/models/deadline/prediction", """{"values":[TURNS]}""", "respond-async, wait=1")]
    [InlineData("/v2/models/deadline/infer", """{"inputs":[{"name":"turns","shape":[1],"datatype":"INT64","data":[TURNS]}]}""", "wait=1")]
    [InlineData("/v1/models/deadline:predict", """{"inputs":[TURNS]}""", "wait=1")]
    [InlineData("/api/v1/models/deadline/invocations", """{"inputs":[TURNS]}""", "wait=1")]
    public async Task An_answer_that_does_not_come_in_time_is_given_up(string path, string body, string? prefer = null)
    {
        await _client.UploadAsync("deadline", OnnxModel.Turns());

        var late = await PostAsync(path, body.Replace("TURNS", Endless, StringComparison.Ordinal), prefer);
        var early = await PostAsync(path.Replace("0.2", "3600", StringComparison.Ordinal), body.Replace("TURNS", "3", StringComparison.Ordinal).Replace("200000", "0", StringComparison.Ordinal), "wait=3600");

        Assert.Equal(HttpStatusCode.GatewayTimeout, late.StatusCode);
        Assert.Contains("had no answer within the ", await late.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, early.StatusCode);
    }

    [Theory]
    [InlineData("?timeout=0", null, "timeout must be a number of seconds from 0.001 to 86400.")]
    [InlineData("?timeout=1e3", null, "timeout must be a number of seconds from 0.001 to 86400.")]
    [InlineData("?timeout=-1", null, "timeout must be a number of seconds from 0.001 to 86400.")]
    [InlineData("", "wait=0", "Prefer: wait must be a whole number of seconds from 1 to 86400.")]
    [InlineData("", "wait=soon", "Prefer: wait must be a whole number of seconds from 1 to 86400.")]
    [InlineData("", "wait", "Prefer: wait must be a whole number of seconds from 1 to 86400.")]
    public async Task A_time_that_is_none_is_refused(string query, string? prefer, string sentence)
    {
        await _client.UploadAsync("deadline-wrong", OnnxModel.Turns());

        var answer = await PostAsync($"/api/v1/models/deadline-wrong/prediction{query}", """{"values":[1]}""", prefer);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.Contains(sentence, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("\"1\"")]
    [InlineData("0.5")]
    public async Task A_parameter_that_is_no_number_of_microseconds_is_refused(string timeout)
    {
        await _client.UploadAsync("deadline-wrong", OnnxModel.Turns());

        var answer = await PostAsync(
            "/v2/models/deadline-wrong/infer", $$"""{"inputs":[{"name":"turns","shape":[1],"datatype":"INT64","data":[1]}],"parameters":{"timeout":{{timeout}} } }""");

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("timeout must be a whole number of microseconds from 0 to 86400000000.", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_queue_refuses_before_work_and_a_caller_that_goes_away_leaves_it()
    {
        await _client.UploadAsync("deadline-queue", OnnxModel.Turns());
        Assert.Equal(HttpStatusCode.OK, (await PostAsync("/api/v1/models/deadline-queue", """{"settings":{"session":{"intra_op_threads":1},"queue":{"max_requests":1,"timeout_seconds":300}}}""")).StatusCode);
        using var leaving = new CancellationTokenSource();
        const string path = "/api/v1/models/deadline-queue/prediction";

        // One for each slot, one that waits, and two too many.
        var requests = Enumerable.Range(0, Environment.ProcessorCount + 3).Select(_ => PostAsync(path, $$"""{"values":[{{Endless}}]}""", cancellationToken: leaving.Token)).ToList();
        var refusals = new List<HttpResponseMessage>();
        await Eventually.TrueAsync(async () =>
        {
            refusals = [.. (await Task.WhenAll(requests.Where(request => request.IsCompleted))).Where(answer => answer.StatusCode == HttpStatusCode.TooManyRequests)];
            return refusals.Count == 2;
        });

        foreach (var refused in refusals)
        {
            Assert.True(refused.Headers.RetryAfter!.Delta >= TimeSpan.FromSeconds(1));
            Assert.Contains(
                "deadline-queue:1 has 1 requests waiting, the most it may have (the model's setting queue.max_requests).", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        var open = requests.Where(request => !request.IsCompleted).ToList();
        await leaving.CancelAsync();
        foreach (var request in open)
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
        // The server sees a little later that they have gone.
        await Eventually.TrueAsync(async () => (await PostAsync(path, """{"values":[2]}""", "wait=60")).StatusCode == HttpStatusCode.OK);
    }

    [Fact]
    public async Task The_information_shows_how_a_loaded_model_is_run()
    {
        await _client.UploadAsync("deadline-serving", OnnxModel.Linear());
        await _client.PredictAsync("deadline-serving", """{"values":[[1,2,3,4]]}""");

        var serving = (await _client.GetAsync("/api/v1/models/deadline-serving").ReadAnswerAsync()).Body["serving"]!;

        // On a busy machine, even runs as short as these may look long.
        Assert.Contains((string)serving["threads_reason"]!, new[] { "short_runs", "measured" });
        Assert.Equal(Environment.ProcessorCount / (int)serving["threads"]!, (int)serving["concurrent_runs"]!);
        Assert.True((long)serving["bytes"]! > 0);
    }

    private async Task<HttpResponseMessage> PostAsync(string path, string body, string? prefer = null, CancellationToken cancellationToken = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json") };
        if (prefer is not null)
            request.Headers.Add("Prefer", prefer);
        return await _client.SendAsync(request, cancellationToken);
    }
}
