using System.Net;
using Larder.Host.Hosting;
using Larder.Host.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Larder.Host.Tests;

public sealed class CancellationTests
{
    public sealed class Observed
    {
        public TaskCompletionSource Began { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Cancelled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Finish { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Late { get; set; }
    }

    public sealed class Functions(Observed observed)
    {
        [Function("Wait")]
        public async Task<IActionResult> WaitAsync(
            [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "wait")] HttpRequest request, FunctionContext context, CancellationToken cancellationToken)
        {
            Assert.Equal(cancellationToken, context.CancellationToken);
            observed.Began.SetResult();
            try
            {
                await observed.Finish.Task.WaitAsync(cancellationToken);
                return new OkResult();
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                observed.Cancelled.SetResult();
                throw;
            }
        }

        [Function("Leave")]
        public IActionResult Leave([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "leave")] HttpRequest request, CancellationToken cancellationToken)
        {
            Assert.False(cancellationToken.IsCancellationRequested);
            // Never taken back.
            cancellationToken.Register(() => observed.Late++);
            return new OkResult();
        }
    }

    [Fact]
    public async Task A_client_that_goes_signals_the_token_of_its_invocation()
    {
        var observed = new Observed();
        await using var host = await StartAsync(observed);
        using var leave = new CancellationTokenSource();

        var request = host.Client.GetAsync("wait", leave.Token);
        await observed.Began.Task;
        await leave.CancelAsync();

        await observed.Cancelled.Task;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
        await host.StopAsync();
        Assert.DoesNotContain(host.Log.Entries, entry => entry.Level >= LogLevel.Error);
    }

    [Fact]
    public async Task A_token_that_is_signalled_signals_no_request_before_it_and_none_after()
    {
        var observed = new Observed();
        await using var host = await StartAsync(observed);
        using var leave = new CancellationTokenSource();
        for (var i = 0; i < 3; i++)
            Assert.Equal(HttpStatusCode.OK, (await host.Client.GetAsync("leave")).StatusCode);

        var request = host.Client.GetAsync("wait", leave.Token);
        await observed.Began.Task;
        await leave.CancelAsync();
        await observed.Cancelled.Task;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);

        Assert.Equal(HttpStatusCode.OK, (await host.Client.GetAsync("leave")).StatusCode);
        Assert.Equal(0, observed.Late);
    }

    [Fact]
    public async Task The_function_timeout_of_host_json_signals_the_token()
    {
        var observed = new Observed();
        await using var host = await StartAsync(observed, hostJson: """{ "version": "2.0", "functionTimeout": "00:00:00.100", "extensions": { "http": { "routePrefix": "" } } }""");

        using var answer = await host.Client.GetAsync("wait");

        await observed.Cancelled.Task;
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
    }

    [Fact]
    public async Task A_host_that_stops_lets_a_request_finish()
    {
        var observed = new Observed();
        await using var host = await StartAsync(observed);
        var request = host.Client.GetAsync("wait");
        await observed.Began.Task;

        var stopping = host.StopAsync();
        await Stopping(host);
        Assert.False(observed.Cancelled.Task.IsCompleted);
        observed.Finish.SetResult();

        using var answer = await request;
        await stopping;
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.False(observed.Cancelled.Task.IsCompleted);
    }

    [Fact]
    public async Task A_host_that_stops_signals_the_tokens_of_requests_that_do_not_finish()
    {
        var observed = new Observed();
        var time = new FakeTimeProvider();
        await using var host = await StartAsync(observed, time);
        // What signals the token has served a request before.
        Assert.Equal(HttpStatusCode.OK, (await host.Client.GetAsync("leave")).StatusCode);
        var request = host.Client.GetAsync("wait");
        await observed.Began.Task;

        var stopping = host.StopAsync();
        await Stopping(host);
        Assert.False(observed.Cancelled.Task.IsCompleted);
        time.Advance(FunctionHost.RequestGrace);

        await observed.Cancelled.Task;
        using var answer = await request;
        await stopping;
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
    }

    private static Task Stopping(TestHost host)
    {
        var stopping = new TaskCompletionSource();
        host.Services.GetRequiredService<FunctionHost>().Stopping.Register(stopping.SetResult);
        return stopping.Task;
    }

    private static Task<TestHost> StartAsync(Observed observed, TimeProvider? time = null, string hostJson = TestHostSetup.NoPrefix) => TestHost.StartAsync(new TestHostSetup
    {
        Functions = [typeof(Functions)],
        HostJson = hostJson,
        Configure = builder =>
        {
            builder.Services.AddSingleton(observed);
            if (time is not null)
                builder.Services.AddSingleton(time);
        },
    });
}
