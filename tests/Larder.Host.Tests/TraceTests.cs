using System.Diagnostics;
using Larder.Host.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;

namespace Larder.Host.Tests;

/// <summary>Traces go on from the caller through the host into functions.</summary>
public sealed class TraceTests
{
    private const string Trace = "0af7651916cd43dd8448eb211c80319c";
    private const string Parent = $"00-{Trace}-b7ad6b7169203331-01";

    // As Larder's host.json has it: without a listener, ASP.NET Core makes no activity.
    private const string WithoutDiagnostics = """
        { "version": "2.0", "extensions": { "http": { "routePrefix": "" } }, "logging": { "logLevel": { "Microsoft.AspNetCore": "None" } } }
        """;

    public sealed class Functions
    {
        [Function("Trace")]
        public IActionResult Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "trace")] HttpRequest request, FunctionContext context) =>
            new OkObjectResult($"{context.TraceContext.TraceParent}|{context.TraceContext.TraceState}|{Activity.Current?.Id}");
    }

    [Fact]
    public async Task Without_a_listener_the_context_has_the_caller_s_trace()
    {
        await using var host = await StartAsync();

        Assert.Equal($"{Parent}|vendor=1|", await AskAsync(host, Parent));
        Assert.Equal("||", await AskAsync(host, null));
    }

    [Fact]
    public async Task With_a_listener_the_function_runs_in_the_request_s_activity_which_goes_on_with_the_caller_s_trace()
    {
        await using var host = await StartAsync();
        using var listener = Listen("Microsoft.AspNetCore", host);

        var seen = (await AskAsync(host, Parent)).Split('|');

        Assert.Equal(seen[2], seen[0]);
        Assert.StartsWith($"00-{Trace}-", seen[0], StringComparison.Ordinal);
        Assert.NotEqual(Parent, seen[0]);
        Assert.Equal("vendor=1", seen[1]);
    }

    private static Task<TestHost> StartAsync() => TestHost.StartAsync(new TestHostSetup
    {
        Functions = [typeof(Functions)],
        HostJson = WithoutDiagnostics,
        // What a captured log listens to is everything.
        Configure = builder => builder.Logging.Services.AddSingleton<Microsoft.Extensions.Logging.ILoggerFactory>(Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance),
    });

    // Hosts of other tests have an ActivitySource of the same name each: only this one's is listened to.
    private static ActivityListener Listen(string source, TestHost host)
    {
        var own = host.Services.GetRequiredService<ActivitySource>();
        Assert.Equal(source, own.Name);
        var listener = new ActivityListener
        {
            ShouldListenTo = candidate => ReferenceEquals(candidate, own),
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }

    private static async Task<string> AskAsync(TestHost host, string? parent)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "trace");
        if (parent is not null)
        {
            request.Headers.Add("traceparent", parent);
            request.Headers.Add("tracestate", "vendor=1");
        }

        using var answer = await host.Client.SendAsync(request);
        return await answer.Content.ReadAsStringAsync();
    }
}
