using Larder.Host.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Xunit.Abstractions;

namespace Larder.Host.Tests;

/// <summary>What the host itself allocates for one HTTP invocation: everything from the endpoint to the function and back.</summary>
public sealed class AllocationTests(ITestOutputHelper output)
{
    private const int Warmup = 2_000;
    private const int Measured = 2_000;

    public sealed class Service
    {
        public TaskCompletionSource<IResult>? Answer { get; set; }
    }

    public sealed class Functions(Service service)
    {
        public static readonly IResult Nothing = new NoAnswer();

        [Function("Plain")]
        public IActionResult Plain([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "plain")] HttpRequest request) => new EmptyResult();

        [Function("Full")]
        public Task<IResult> Full(
            [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "full/{name}/{version:int?}")] HttpRequest request,
            string name,
            int? version,
            FunctionContext context,
            CancellationToken cancellationToken)
        {
            Assert.NotNull(service);
            Assert.Equal("iris 3", $"{name} {version}");
            return cancellationToken.CanBeCanceled && context is not null ? Answer : throw new InvalidOperationException();
        }

        [Function("Later")]
        public async Task<IResult> Later(
            [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "later/{name}")] HttpRequest request, string name, CancellationToken cancellationToken) =>
            await (service.Answer = new TaskCompletionSource<IResult>()).Task;

        private static readonly Task<IResult> Answer = Task.FromResult(Nothing);
    }

    public sealed class Passing : IFunctionsWorkerMiddleware
    {
        public Task Invoke(FunctionContext context, FunctionExecutionDelegate next) => next(context);
    }

    [Theory]
    [InlineData("Plain", "00:30:00", 512)]
    [InlineData("Full", null, 1024)]
    [InlineData("Full", "00:30:00", 1024)]
    [InlineData("Later", "00:30:00", 2048)]
    public async Task An_invocation_allocates_little(string function, string? timeout, long limit)
    {
        await using var host = await TestHost.StartAsync(new TestHostSetup
        {
            Functions = [typeof(Functions)],
            HostJson = timeout is null ? """{ "version": "2.0" }""" : $$"""{ "version": "2.0", "functionTimeout": "{{timeout}}" }""",
            Configure = builder =>
            {
                builder.Services.AddSingleton<Service>();
                builder.UseMiddleware<Passing>();
                builder.Logging.ClearProviders();
            },
        });
        var endpoint = host.Services.GetRequiredService<EndpointDataSource>().Endpoints.Single(endpoint => endpoint.DisplayName == function);
        var run = endpoint.RequestDelegate!;
        using var aborted = new CancellationTokenSource();
        var http = new DefaultHttpContext { RequestAborted = aborted.Token };
        http.Features.Set<IServiceProvidersFeature>(new NoScope());
        http.Request.RouteValues = new RouteValueDictionary { ["name"] = "iris", ["version"] = "3" };

        var service = host.Services.GetRequiredService<Service>();

        var perInvocation = Measure(() =>
        {
            var running = run(http);
            service.Answer?.SetResult(Functions.Nothing);
            return running.IsCompletedSuccessfully;
        });

        output.WriteLine($"{function}, time-out {timeout ?? "none"}: {perInvocation} bytes");
        Assert.Equal(StatusCodes.Status200OK, http.Response.StatusCode);
        Assert.InRange(perInvocation, 1, limit);
    }

    // All on this thread: what waits goes on inside SetResult.
    private static long Measure(Func<bool> run)
    {
        for (var i = 0; i < Warmup; i++)
            Assert.True(run());
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Measured; i++)
            run();
        return (GC.GetAllocatedBytesForCurrentThread() - before) / Measured;
    }

    // Everything that these functions ask for is a singleton: a scope would be waste.
    private sealed class NoScope : IServiceProvidersFeature
    {
        public IServiceProvider RequestServices
        {
            get => throw new InvalidOperationException("A scope was asked for.");
            set => throw new NotSupportedException();
        }
    }

    private sealed class NoAnswer : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext) => Task.CompletedTask;
    }
}
