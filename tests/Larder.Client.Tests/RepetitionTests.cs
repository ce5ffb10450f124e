using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using Larder.Client.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Larder.Client.Tests;

/// <summary>Which requests are sent again, and when.</summary>
public sealed class RepetitionTests
{
    private const string Models = """{"http_status":{"code":200,"name":"OK","description":"done"},"model_list":[],"models":[],"next_cursor":null}""";

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task A_read_is_repeated_after_the_time_that_the_server_asks_for(int status)
    {
        await using var server = await ScriptedServer.StartAsync(async (context, number) =>
        {
            if (number == 1)
            {
                context.Response.Headers.RetryAfter = "1";
                await RefuseAsync(context, status, "Too much at once.");
                return;
            }
            await context.Response.WriteAsync(Models);
        });
        using var client = server.Client();
        var began = Stopwatch.StartNew();

        Assert.Empty(await client.Models.ListAsync().ToListAsync());

        Assert.Equal(2, server.Requests.Count);
        Assert.True(began.Elapsed >= TimeSpan.FromSeconds(0.9), $"It waited {began.Elapsed}.");
    }

    [Fact]
    public async Task A_server_that_goes_on_refusing_is_an_exception_with_status_sentence_id_and_wait()
    {
        await using var server = await ScriptedServer.StartAsync((context, _) =>
        {
            context.Response.Headers["x-request-id"] = "request-7";
            return RefuseAsync(context, 503, "Not now.");
        });
        using var client = server.Client(retries: 2);

        var refusal = await Assert.ThrowsAsync<LarderException>(() => client.Models.GetAsync("iris"));

        Assert.Equal(3, server.Requests.Count);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "Not now.", "request-7"), (refusal.StatusCode, refusal.Message, refusal.RequestId));
    }

    [Fact]
    public async Task A_wait_that_is_too_long_is_left_to_the_caller()
    {
        await using var server = await ScriptedServer.StartAsync((context, _) =>
        {
            context.Response.Headers.RetryAfter = "3600";
            return RefuseAsync(context, 429, "Later.");
        });
        using var client = server.Client();

        var refusal = await Assert.ThrowsAsync<LarderException>(() => client.Models.GetAsync("iris"));

        Assert.Single(server.Requests);
        Assert.Equal(TimeSpan.FromHours(1), refusal.RetryAfter);
    }

    [Theory]
    [InlineData(422)]
    [InlineData(500)]
    public async Task What_would_fail_again_is_not_repeated(int status)
    {
        await using var server = await ScriptedServer.StartAsync((context, _) => RefuseAsync(context, status, "No."));
        using var client = server.Client();

        Assert.Equal(status, (int?)(await Assert.ThrowsAsync<LarderException>(() => client.Models.GetAsync("iris"))).StatusCode);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task An_upload_is_repeated_whole_with_the_same_key()
    {
        await using var server = await ScriptedServer.StartAsync((context, number) => RefuseAsync(context, number == 1 ? 503 : 422, "No model."));
        using var client = server.Client();
        using var file = new MemoryStream(Encoding.UTF8.GetBytes("content of the file"));

        var refusal = await Assert.ThrowsAsync<LarderException>(() => client.Models.UploadAsync("iris", new ModelUpload { File = new FilePart("iris.onnx", file) }));

        Assert.Equal("No model.", refusal.Message);
        var requests = server.Requests.ToList();
        Assert.Equal(2, requests.Count);
        Assert.All(requests, request => Assert.Contains("content of the file", request.Body, StringComparison.Ordinal));
        Assert.NotNull(requests[0].Key);
        Assert.Equal(requests[0].Key, requests[1].Key);
        Assert.True(file.CanRead, "The stream is the caller's.");
    }

    [Fact]
    public async Task A_stream_that_cannot_seek_is_sent_once()
    {
        await using var server = await ScriptedServer.StartAsync((context, _) => RefuseAsync(context, 503, "Not now."));
        using var client = server.Client();
        await using var pipe = new ForwardStream(new MemoryStream([1, 2, 3]));

        await Assert.ThrowsAsync<LarderException>(() => client.Models.UploadAsync("iris", new ModelUpload { File = new FilePart("iris.onnx", pipe) }));

        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Changes_without_a_key_are_sent_once()
    {
        await using var server = await ScriptedServer.StartAsync((context, _) => RefuseAsync(context, 503, "Not now."));
        using var client = server.Client();

        await Assert.ThrowsAsync<LarderException>(() => client.Models.DeleteAsync("iris"));
        await Assert.ThrowsAsync<LarderException>(() => client.Models.SetAliasAsync("iris", "champion", 1));
        await Assert.ThrowsAsync<LarderException>(() => client.Jobs.CancelAsync("job"));
        await Assert.ThrowsAsync<LarderException>(() => client.Tokens.CreateAsync(new Contracts.NewTokenRequest { Name = "a", Role = "reader" }));

        Assert.Equal(
            ["DELETE /api/v1/models/iris", "PUT /api/v1/models/iris/aliases/champion", "POST /api/v1/jobs/job/cancel", "POST /api/v1/admin/tokens"],
            server.Requests.Select(request => request.What));
    }

    [Fact]
    public async Task A_prediction_changes_nothing_and_is_repeated()
    {
        await using var server = await ScriptedServer.StartAsync((context, number) => number == 1
            ? RefuseAsync(context, 503, "Not now.")
            : context.Response.WriteAsync("""{"http_status":{"code":200,"name":"OK","description":"done"},"values":[1],"outputs":{"y":[1]}}"""));
        using var client = server.Client();

        var answer = await client.Predictions.PredictAsync("iris", JsonElement.Parse("[1, 2]"));

        Assert.Equal(1, answer.Outputs["y"][0].GetInt32());
        Assert.All(server.Requests, request => Assert.Equal("""{"values":[1,2]}""", request.Body));
    }

    [Fact]
    public async Task Pages_follow_the_cursor_and_are_read_when_they_are_needed()
    {
        await using var server = await ScriptedServer.StartAsync((context, number) => context.Response.WriteAsync(
            $$"""{"http_status":{"code":200,"name":"OK","description":"done"},"datasets":[{{Dataset(2 * number)}},{{Dataset((2 * number) + 1)}}],"next_cursor":{{(number < 3 ? "\"a&b\"" : "null")}}}"""));
        using var client = server.Client();

        var first = await client.Datasets.ListAsync().FirstAsync();
        var requestsOfFirst = server.Requests.Count;
        var all = await client.Datasets.ListAsync("iris").ToListAsync();

        Assert.Equal("f2", first.FileName);
        Assert.Equal(1, requestsOfFirst);
        Assert.Equal(["f4", "f5", "f6", "f7"], all.Select(dataset => dataset.FileName));
        Assert.Equal("GET /api/v1/datasets?model=iris&cursor=a%26b", server.Requests.Last().What);
    }

    [Fact]
    public async Task A_name_cannot_lead_to_another_route()
    {
        await using var server = await ScriptedServer.StartAsync((context, _) => context.Response.WriteAsync("{}"));
        using var client = server.Client();

        await Assert.ThrowsAsync<ArgumentException>(() => client.Models.DeleteAsync(".."));
        await Assert.ThrowsAsync<LarderException>(() => client.Models.DeleteAsync("a/../b?force=true#"));

        Assert.Equal("DELETE /api/v1/models/a%2F..%2Fb%3Fforce%3Dtrue%23", Assert.Single(server.Requests).What);
    }

    private static string Dataset(int number) =>
        $$"""{"dataset":"datasets/iris/f{{number}}","model":"iris","file_name":"f{{number}}","size_bytes":1,"sha256":"00","created":"2026-01-01T00:00:00Z","owner":null,"job":"j"}""";

    private static Task RefuseAsync(HttpContext context, int status, string sentence)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsync($$$"""{"http_status":{"code":{{{status}}},"name":"x","description":"{{{sentence}}}"}}""");
    }

    // What a pipe is.
    private sealed class ForwardStream(Stream inner) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
