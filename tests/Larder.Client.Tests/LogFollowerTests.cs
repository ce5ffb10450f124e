using Larder.Client.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Larder.Client.Tests;

/// <summary>A log's stream that breaks off.</summary>
public sealed class LogFollowerTests
{
    private const string End = "event: end\ndata: {\"state\":\"succeeded\"}\n\n";

    [Fact]
    public async Task A_stream_that_is_cut_is_taken_up_behind_the_last_line()
    {
        var received = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await ScriptedServer.StartAsync(async (context, number) =>
        {
            if (number == 1)
            {
                await SendAsync(context, Line("1", 1) + Line("2", 2) + "id: 3\ndata: {\"n\":3");
                await received.Task;
                context.Abort();
                return;
            }
            await SendAsync(context, ": still here\n\n" + Line("3", 3) + Line("2.1", 1) + End);
        });
        using var client = server.Client();

        var events = new List<JobLogEvent>();
        await foreach (var one in client.Jobs.FollowLogAsync("job"))
        {
            events.Add(one);
            if (one.Id == "2")
                received.SetResult();
        }

        Assert.Equal(["1", "2", "3", "2.1"], events.Select(one => one.Id));
        Assert.Equal(["line 1", "line 2", "line 3", "line 1"], events.Select(one => one.Line.M));
        Assert.Equal([null, "2"], server.Requests.Select(request => request.LastEvent));
    }

    [Fact]
    public async Task A_server_that_stops_ends_the_stream_without_its_last_event_and_is_asked_again()
    {
        await using var server = await ScriptedServer.StartAsync((context, number) => SendAsync(context, number == 1 ? Line("1", 1) : End));
        using var client = server.Client();

        Assert.Equal(["1"], await client.Jobs.FollowLogAsync("job").Select(one => one.Id).ToListAsync());
        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task A_stream_without_a_sign_of_life_is_opened_again()
    {
        await using var server = await ScriptedServer.StartAsync(async (context, number) =>
        {
            await SendAsync(context, number == 1 ? Line("1", 1) : Line("2", 2) + End);
            if (number == 1)
                await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        });
        using var client = server.Client(silence: TimeSpan.FromSeconds(0.3));

        Assert.Equal(["1", "2"], await client.Jobs.FollowLogAsync("job").Select(one => one.Id).ToListAsync());
    }

    [Fact]
    public async Task A_stream_that_breaks_off_again_and_again_is_given_up()
    {
        await using var server = await ScriptedServer.StartAsync((context, _) => SendAsync(context, ": nothing\n\n"));
        using var client = server.Client(retries: 2);

        var failure = await Assert.ThrowsAsync<LarderException>(async () => await client.Jobs.FollowLogAsync("job").ToListAsync());

        Assert.Null(failure.StatusCode);
        Assert.Equal(3, server.Requests.Count);
    }

    [Fact]
    public async Task A_caller_goes_on_from_an_event_and_ends_the_list_when_it_likes()
    {
        await using var server = await ScriptedServer.StartAsync(async (context, _) =>
        {
            await SendAsync(context, Line("18", 18));
            await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        });
        using var client = server.Client();
        using var enough = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var one in client.Jobs.FollowLogAsync("job", after: "17", enough.Token))
            {
                Assert.Equal("18", one.Id);
                await enough.CancelAsync();
            }
        });

        Assert.Equal("17", Assert.Single(server.Requests).LastEvent);
    }

    private static string Line(string id, int number) => $"id: {id}\ndata: {{\"n\":{number},\"t\":\"2026-01-01T00:00:00Z\",\"s\":\"out\",\"m\":\"line {number}\"}}\n\n";

    private static async Task SendAsync(HttpContext context, string text)
    {
        context.Response.ContentType = "text/event-stream";
        await context.Response.WriteAsync(text);
        await context.Response.Body.FlushAsync();
    }
}
