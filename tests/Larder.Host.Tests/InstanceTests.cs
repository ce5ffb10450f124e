using System.Net.Http.Json;
using Larder.Host.Hosting;
using Larder.Host.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Larder.Host.Tests;

public sealed class InstanceTests
{
    public sealed class Single
    {
        public Guid Id { get; } = Guid.NewGuid();
    }

    public sealed class Scoped : IDisposable
    {
        public Guid Id { get; } = Guid.NewGuid();

        public bool Disposed { get; private set; }

        public void Dispose() => Disposed = true;
    }

    public sealed class WithSingleton(Single single, ILogger<WithSingleton> logger)
    {
        private readonly Guid _id = Guid.NewGuid();

        [Function("WithSingleton")]
        public IActionResult Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "singleton")] HttpRequest request)
        {
            logger.LogInformation("ran");
            return new OkObjectResult($"{single.Id} {_id}");
        }
    }

    public sealed class WithScoped(Scoped scoped)
    {
        public static List<Scoped> Seen { get; } = [];

        [Function("WithScoped")]
        public IActionResult Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "scoped")] HttpRequest request, FunctionContext context)
        {
            lock (Seen)
                Seen.Add(scoped);
            var same = ReferenceEquals(scoped, context.InstanceServices.GetRequiredService<Scoped>())
                && ReferenceEquals(scoped, request.HttpContext.RequestServices.GetRequiredService<Scoped>());
            return new OkObjectResult($"{same} {scoped.Disposed} {scoped.Id}");
        }
    }

    public sealed class Context
    {
        [Function("Context")]
        public IActionResult Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "context")] HttpRequest request, FunctionContext context)
        {
            context.GetLogger("Mine").LogInformation("from the context");
            context.Features.Set(new Single());
            return new OkObjectResult(new
            {
                context.InvocationId,
                context.FunctionId,
                context.FunctionDefinition.Name,
                context.FunctionDefinition.EntryPoint,
                Parameters = context.FunctionDefinition.Parameters.Select(parameter => $"{parameter.Name}:{parameter.Type.Name}"),
                Bindings = context.FunctionDefinition.InputBindings.Values.Select(binding => $"{binding.Name}:{binding.Type}:{binding.Direction}"),
                context.RetryContext.RetryCount,
                context.TraceContext.TraceParent,
                Feature = context.Features.Get<Single>() is not null && context.Features.Get<Scoped>() is null,
            });
        }
    }

    public interface IRegisteredTwice;

    public sealed class FirstOfTwo : IRegisteredTwice;

    public sealed class SecondOfTwo : IRegisteredTwice;

    public sealed class TransientService(Scoped scoped)
    {
        public Scoped Scoped { get; } = scoped;
    }

    public sealed class Kinds(Single single, Scoped scoped, TransientService transient, [FromKeyedServices("key")] Single keyed, IRegisteredTwice twice, ILogger<Kinds> logger)
    {
        [Function("Kinds")]
        public IActionResult Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "kinds")] HttpRequest request, FunctionContext context)
        {
            var ofContext = context.InstanceServices;
            var ofRequest = request.HttpContext.RequestServices;
            return new OkObjectResult(string.Join(
                ' ',
                single == ofContext.GetRequiredService<Single>() && single == ofRequest.GetRequiredService<Single>(),
                scoped == ofContext.GetRequiredService<Scoped>() && scoped == ofRequest.GetRequiredService<Scoped>(),
                transient.Scoped == scoped && transient != ofContext.GetRequiredService<TransientService>(),
                keyed == ofContext.GetRequiredKeyedService<Single>("key") && keyed != single,
                twice == ofContext.GetRequiredService<IRegisteredTwice>() && logger is not null,
                twice.GetType().Name));
        }
    }

    public sealed class Leaving
    {
        public static FunctionContext? Kept { get; private set; }

        [Function("Leaving")]
        public IActionResult Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "leaving")] HttpRequest request, FunctionContext context, CancellationToken cancellationToken)
        {
            var left = string.Join(
                ' ',
                ReferenceEquals(context, Kept),
                context.Items.ContainsKey("left"),
                context.Features.Get<Single>() is not null,
                context.InstanceServices.GetService<Single>() is not null,
                context.GetInvocationResult().Value is not null,
                context.BindingContext.BindingData.ContainsKey("left"),
                cancellationToken.IsCancellationRequested,
                context.GetHttpContext() == request.HttpContext);
            Kept = context;
            context.Items["left"] = left;
            context.Features.Set(new Single());
            context.InstanceServices = new ServiceCollection().AddSingleton<Single>().BuildServiceProvider();
            context.GetInvocationResult().Value = left;
            return new OkObjectResult(left);
        }
    }

    public sealed class KeyedOnly([FromKeyedServices("key")] Single keyed)
    {
        [Function("KeyedOnly")]
        public IActionResult Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "keyed")] HttpRequest request) => new OkObjectResult($"{keyed.Id}");
    }

    /// <summary>Puts services of its own in the place of the invocation's, for requests that ask for it.</summary>
    public sealed class OtherServices : IFunctionsWorkerMiddleware
    {
        public static Single Other { get; } = new();

        public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
        {
            if (context.GetHttpContext()!.Request.Query.ContainsKey("other"))
                context.InstanceServices = new ServiceCollection().AddLogging().AddSingleton(Other).BuildServiceProvider();
            await next(context);
        }
    }

    private sealed record ContextSeen(
        Guid InvocationId, string FunctionId, string Name, string EntryPoint, string[] Parameters, string[] Bindings, int RetryCount, string TraceParent, bool Feature);

    [Fact]
    public async Task A_function_object_is_new_for_each_invocation_and_gets_its_singletons()
    {
        await using var host = await TestHost.StartAsync<WithSingleton>(Configure);

        var first = (await host.Client.GetStringAsync("singleton")).Split(' ');
        var second = (await host.Client.GetStringAsync("singleton")).Split(' ');

        Assert.Equal(first[0], second[0]);
        Assert.NotEqual(first[1], second[1]);
        Assert.Contains(host.Log.Entries, entry => entry.Message == "ran");
    }

    [Fact]
    public async Task A_scoped_service_lives_as_long_as_its_invocation()
    {
        await using var host = await TestHost.StartAsync<WithScoped>(Configure);

        var first = (await host.Client.GetStringAsync("scoped")).Split(' ');
        var second = (await host.Client.GetStringAsync("scoped")).Split(' ');
        await host.StopAsync();

        Assert.Equal(["True", "False"], first[..2]);
        Assert.NotEqual(first[2], second[2]);
        Assert.All(WithScoped.Seen.Where(seen => first[2] == $"{seen.Id}" || second[2] == $"{seen.Id}"), seen => Assert.True(seen.Disposed));
    }

    [Fact]
    public async Task The_context_tells_of_invocation_and_function()
    {
        await using var host = await TestHost.StartAsync<Context>(Configure);

        using var request = new HttpRequestMessage(HttpMethod.Get, "context") { Headers = { { "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" } } };
        using var answer = await host.Client.SendAsync(request);
        var first = await answer.Content.ReadFromJsonAsync<ContextSeen>();
        var second = await host.Client.GetFromJsonAsync<ContextSeen>("context");

        Assert.NotNull(first);
        Assert.NotEqual(first.InvocationId, second!.InvocationId);
        Assert.Equal(first.FunctionId, second.FunctionId);
        Assert.Equal("Context", first.Name);
        Assert.Equal("Larder.Host.Tests.InstanceTests+Context.Run", first.EntryPoint);
        Assert.Equal(["request:HttpRequest", "context:FunctionContext"], first.Parameters);
        Assert.Equal(["request:httpTrigger:In"], first.Bindings);
        Assert.Equal(0, first.RetryCount);
        Assert.Contains("0af7651916cd43dd8448eb211c80319c", first.TraceParent, StringComparison.Ordinal);
        Assert.True(first.Feature);
        Assert.Contains(host.Log.Entries, entry => entry is { Category: "Mine", Message: "from the context" });
    }

    [Fact]
    public async Task The_context_of_a_request_serves_the_next_one_which_finds_nothing_in_it()
    {
        await using var host = await TestHost.StartAsync<Leaving>();

        await host.Client.GetStringAsync("leaving?left=1");
        var second = await host.Client.GetStringAsync("leaving");
        await host.StopAsync();

        Assert.Equal("True False False False False False False True", second);
        var error = Assert.Throws<ObjectDisposedException>(() => Leaving.Kept!.CancellationToken);
        Assert.Contains("The request has ended, and its context with it", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_kind_of_service_is_the_same_from_the_constructor_the_context_and_the_request()
    {
        await using var host = await TestHost.StartAsync<Kinds>(builder =>
        {
            Configure(builder);
            builder.Services.AddTransient<TransientService>();
            builder.Services.AddKeyedSingleton("key", new Single());
            // The last registration counts, whatever an earlier one said.
            builder.Services.AddSingleton<IRegisteredTwice, FirstOfTwo>();
            builder.Services.AddScoped<IRegisteredTwice, SecondOfTwo>();
        });

        Assert.Equal("True True True True True SecondOfTwo", await host.Client.GetStringAsync("kinds"));
    }

    [Fact]
    public async Task A_keyed_singleton_is_not_taken_for_the_one_without_a_key()
    {
        var keyed = new Single();
        await using var host = await TestHost.StartAsync<KeyedOnly>(builder =>
        {
            Configure(builder);
            builder.Services.AddKeyedSingleton("key", keyed);
        });

        Assert.Equal($"{keyed.Id}", await host.Client.GetStringAsync("keyed"));
    }

    [Fact]
    public async Task A_function_gets_the_services_that_a_middleware_has_put_in_the_place_of_the_invocations()
    {
        await using var host = await TestHost.StartAsync<WithSingleton>(builder =>
        {
            Configure(builder);
            builder.UseMiddleware<OtherServices>();
        });

        var own = (await host.Client.GetStringAsync("singleton")).Split(' ')[0];
        var other = (await host.Client.GetStringAsync("singleton?other")).Split(' ')[0];

        Assert.Equal($"{OtherServices.Other.Id}", other);
        Assert.NotEqual(own, other);
        Assert.Equal(own, (await host.Client.GetStringAsync("singleton")).Split(' ')[0]);
    }

    private static void Configure(SelfHostBuilder builder)
    {
        builder.Services.AddSingleton<Single>();
        builder.Services.AddScoped<Scoped>();
    }
}
