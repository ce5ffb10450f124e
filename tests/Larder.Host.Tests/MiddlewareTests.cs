using System.Net;
using Larder.Host.Hosting;
using Larder.Host.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Larder.Host.Tests;

public sealed class MiddlewareTests
{
    public sealed class Steps
    {
        public List<string> Taken { get; } = [];
    }

    public sealed class Functions(Steps steps)
    {
        [Function("Hello")]
        public IActionResult Hello([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "hello")] HttpRequest request, FunctionContext context)
        {
            steps.Taken.Add("function");
            return new OkObjectResult(context.Items.TryGetValue("greeting", out var greeting) ? greeting : "hello");
        }

        [Function("Fails")]
        public IActionResult Fails([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "fails")] HttpRequest request) => throw new InvalidOperationException("no");
    }

    public sealed class First(Steps steps) : IFunctionsWorkerMiddleware
    {
        public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
        {
            steps.Taken.Add("first in");
            await next(context);
            steps.Taken.Add("first out");
        }
    }

    public sealed class Second(Steps steps) : IFunctionsWorkerMiddleware
    {
        public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
        {
            steps.Taken.Add("second in");
            await next(context);
            steps.Taken.Add("second out");
        }
    }

    public sealed class Counting : IFunctionsWorkerMiddleware
    {
        private int _count;

        public Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
        {
            context.Items["greeting"] = $"invocation {++_count}";
            return next(context);
        }
    }

    [Fact]
    public async Task Middleware_runs_in_the_order_in_which_it_was_added_and_back()
    {
        var steps = new Steps();
        await using var host = await StartAsync(steps, builder =>
        {
            builder.UseMiddleware<First>();
            builder.UseMiddleware<Second>();
            builder.UseMiddleware(async (_, next) =>
            {
                steps.Taken.Add("third in");
                await next();
                steps.Taken.Add("third out");
            });
        });

        await host.Client.GetStringAsync("hello");

        Assert.Equal(["first in", "second in", "third in", "function", "third out", "second out", "first out"], steps.Taken);
    }

    [Fact]
    public async Task A_middleware_sees_what_the_function_returned_and_can_replace_it()
    {
        object? seenBefore = "something", seenAfter = null;
        await using var host = await StartAsync(new Steps(), builder => builder.UseMiddleware(async (context, next) =>
        {
            seenBefore = context.GetInvocationResult().Value;
            await next();
            seenAfter = context.GetInvocationResult<OkObjectResult>().Value?.Value;
            context.GetInvocationResult().Value = new StatusCodeResult(299);
        }));

        using var answer = await host.Client.GetAsync("hello");

        Assert.Equal(299, (int)answer.StatusCode);
        Assert.Null(seenBefore);
        Assert.Equal("hello", seenAfter);
    }

    [Fact]
    public async Task A_middleware_that_does_not_go_on_answers_in_place_of_the_function()
    {
        var steps = new Steps();
        await using var host = await StartAsync(steps, builder => builder.UseMiddleware((context, _) =>
        {
            context.GetInvocationResult().Value = new ForbidAlike();
            return Task.CompletedTask;
        }));

        using var answer = await host.Client.GetAsync("hello");

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Empty(steps.Taken);
    }

    [Fact]
    public async Task A_middleware_can_catch_what_the_function_throws()
    {
        await using var host = await StartAsync(new Steps(), builder => builder.UseMiddleware(async (context, next) =>
        {
            try
            {
                await next();
            }
            catch (InvalidOperationException exception)
            {
                context.GetInvocationResult().Value = new ObjectResult(exception.Message) { StatusCode = 422 };
            }
        }));

        using var answer = await host.Client.GetAsync("fails");

        Assert.Equal(422, (int)answer.StatusCode);
        Assert.Equal("no", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_conditional_middleware_runs_only_when_its_condition_holds()
    {
        var steps = new Steps();
        await using var host = await StartAsync(steps, builder =>
        {
            builder.UseWhen<First>(context => context.FunctionDefinition.Name == "Fails");
            builder.UseWhen(context => context.GetHttpContext()!.Request.Query.ContainsKey("polite"), (context, next) =>
            {
                context.Items["greeting"] = "good day";
                return next();
            });
        });

        Assert.Equal("hello", await host.Client.GetStringAsync("hello"));
        Assert.Equal("good day", await host.Client.GetStringAsync("hello?polite"));
        using var failed = await host.Client.GetAsync("fails");

        Assert.Equal(["function", "function", "first in"], steps.Taken);
    }

    [Fact]
    public async Task A_middleware_class_is_one_object_unless_registered_otherwise()
    {
        await using var one = await StartAsync(new Steps(), builder => builder.UseMiddleware<Counting>());
        await using var many = await StartAsync(new Steps(), builder =>
        {
            builder.UseMiddleware<Counting>();
            builder.Services.AddScoped<Counting>();
        });

        Assert.Equal("invocation 1", await one.Client.GetStringAsync("hello"));
        Assert.Equal("invocation 2", await one.Client.GetStringAsync("hello"));
        Assert.Equal("invocation 1", await many.Client.GetStringAsync("hello"));
        Assert.Equal("invocation 1", await many.Client.GetStringAsync("hello"));
    }

    private static Task<TestHost> StartAsync(Steps steps, Action<SelfHostBuilder> configure) => TestHost.StartAsync<Functions>(builder =>
    {
        builder.Services.AddSingleton(steps);
        configure(builder);
    });

    private sealed class ForbidAlike : StatusCodeResult
    {
        public ForbidAlike() : base(StatusCodes.Status403Forbidden)
        {
        }
    }
}
