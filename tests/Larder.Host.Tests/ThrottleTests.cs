using System.Net;
using Larder.Host.Http;
using Larder.Host.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Larder.Host.Tests;

public sealed class ThrottleTests
{
    public sealed class Gate
    {
        private int _inside;
        private int _most;

        public TaskCompletionSource Opened { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public SemaphoreSlim Began { get; } = new(0);

        public int Most => _most;

        public async Task PassAsync()
        {
            var inside = Interlocked.Increment(ref _inside);
            InterlockedMax(inside);
            Began.Release();
            await Opened.Task;
            Interlocked.Decrement(ref _inside);
        }

        private void InterlockedMax(int value)
        {
            for (var seen = _most; seen < value;)
                seen = Interlocked.CompareExchange(ref _most, value, seen) is var now && now == seen ? value : now;
        }
    }

    public sealed class Functions(Gate gate)
    {
        [Function("Pass")]
        public async Task<IActionResult> Pass([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "pass")] HttpRequest request)
        {
            await gate.PassAsync();
            return new OkResult();
        }
    }

    [Fact]
    public async Task Requests_beyond_the_outstanding_limit_are_429_until_others_have_left()
    {
        var gate = new Gate();
        await using var host = await StartAsync(gate, outstanding: 2, concurrent: -1);
        var inside = new[] { host.Client.GetAsync("pass"), host.Client.GetAsync("pass") };
        await gate.Began.WaitAsync();
        await gate.Began.WaitAsync();

        using var refused = await host.Client.GetAsync("pass");
        gate.Opened.SetResult();
        var answers = await Task.WhenAll(inside);
        using var later = await host.Client.GetAsync("pass");

        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.Empty(await refused.Content.ReadAsByteArrayAsync());
        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
        Assert.Equal(HttpStatusCode.OK, later.StatusCode);
    }

    [Fact]
    public async Task Requests_beyond_the_concurrency_limit_wait_for_their_turn()
    {
        var gate = new Gate();
        await using var host = await StartAsync(gate, outstanding: -1, concurrent: 2);
        var requests = Enumerable.Range(0, 10).Select(_ => host.Client.GetAsync("pass")).ToArray();
        await gate.Began.WaitAsync();
        await gate.Began.WaitAsync();

        gate.Opened.SetResult();
        var answers = await Task.WhenAll(requests);

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
        Assert.Equal(2, gate.Most);
    }

    [Fact]
    public async Task Headers_of_host_json_are_on_every_answer()
    {
        var gate = new Gate();
        gate.Opened.SetResult();
        await using var host = await TestHost.StartAsync(new TestHostSetup
        {
            Functions = [typeof(Functions)],
            HostJson = """{ "version": "2.0", "extensions": { "http": { "routePrefix": "", "customHeaders": { "X-Content-Type-Options": "nosniff" } } } }""",
            Configure = builder =>
            {
                builder.Services.AddSingleton(gate);
            },
        });

        using var answer = await host.Client.GetAsync("pass");

        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
    }

    [Fact]
    public async Task Headers_of_host_json_are_on_failures_too_and_give_way_to_a_function_s_own()
    {
        await using var host = await TestHost.StartAsync(new TestHostSetup
        {
            Functions = [typeof(Answers)],
            HostJson = """{ "version": "2.0", "extensions": { "http": { "routePrefix": "", "customHeaders": { "Cache-Control": "no-store" } } } }""",
        });

        using var failed = await host.Client.GetAsync("failing");
        using var own = await host.Client.GetAsync("own");

        Assert.Equal((HttpStatusCode.InternalServerError, "no-store"), (failed.StatusCode, failed.Headers.CacheControl!.ToString()));
        Assert.Equal((HttpStatusCode.OK, "no-cache"), (own.StatusCode, own.Headers.CacheControl!.ToString()));
    }

    [Fact]
    public async Task The_application_may_write_the_body_of_what_the_host_refuses()
    {
        await using var host = await TestHost.StartAsync(new TestHostSetup
        {
            Functions = [typeof(Answers)],
            WriteRefusal = http => http.Response.WriteAsync($"refused with {http.Response.StatusCode}"),
        });

        using var failed = await host.Client.GetAsync("failing");

        Assert.Equal((HttpStatusCode.InternalServerError, "refused with 500"), (failed.StatusCode, await failed.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task What_waits_for_quiet_goes_on_once_no_request_was_there_for_a_while()
    {
        using var throttle = new HttpThrottle(new HttpOptions(new ConfigurationBuilder().Build()));
        Assert.True(throttle.TryEnter());

        var quiet = throttle.WaitUntilQuietAsync(TimeSpan.FromMilliseconds(20), TimeSpan.FromMinutes(10), CancellationToken.None);
        Assert.NotSame(quiet, await Task.WhenAny(quiet, Task.Delay(TimeSpan.FromMilliseconds(300))));
        throttle.Leave();

        await quiet.WaitAsync(TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task What_waits_for_quiet_does_not_wait_for_requests_without_end()
    {
        using var throttle = new HttpThrottle(new HttpOptions(new ConfigurationBuilder().Build()));
        Assert.True(throttle.TryEnter());

        await throttle.WaitUntilQuietAsync(TimeSpan.FromMilliseconds(40), TimeSpan.FromMilliseconds(100), CancellationToken.None).WaitAsync(TimeSpan.FromMinutes(1));
    }

    public sealed class Answers
    {
        [Function("Own")]
        public IActionResult Own([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "own")] HttpRequest request)
        {
            request.HttpContext.Response.Headers.CacheControl = "no-cache";
            return new OkResult();
        }

        [Function("Failing")]
        public IActionResult Failing([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "failing")] HttpRequest request) => throw new InvalidOperationException("on purpose");
    }

    private static Task<TestHost> StartAsync(Gate gate, int outstanding, int concurrent) => TestHost.StartAsync(new TestHostSetup
    {
        Functions = [typeof(Functions)],
        HostJson = $$"""{ "version": "2.0", "extensions": { "http": { "routePrefix": "", "maxOutstandingRequests": {{outstanding}}, "maxConcurrentRequests": {{concurrent}} } } }""",
        Configure = builder =>
        {
            builder.Services.AddSingleton(gate);
        },
    });
}
