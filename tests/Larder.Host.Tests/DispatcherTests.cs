using System.Linq.Expressions;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using Larder.Host.Functions;
using Larder.Host.Hosting;
using Larder.Host.Invocation;
using Larder.Host.Tests.Support;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Larder.Host.Tests;

/// <summary>Functions that no request triggers, seen through the seam that extensions use.</summary>
public sealed class DispatcherTests
{
    [AttributeUsage(AttributeTargets.Parameter)]
    public sealed class LetterTriggerAttribute : TriggerBindingAttribute;

    public sealed record Letter(string Text);

    public sealed class Scoped : IAsyncDisposable
    {
        public bool Disposed { get; private set; }

        public ValueTask DisposeAsync()
        {
            Disposed = true;
            return ValueTask.CompletedTask;
        }
    }

    public sealed class Office
    {
        [Function("Read")]
        public string Read([LetterTrigger] Letter letter) => letter.Text;

        [Function("ReadLater")]
        public async Task<int> ReadLater([LetterTrigger] Letter letter, FunctionContext context, CancellationToken cancellationToken)
        {
            await Task.Yield();
            cancellationToken.ThrowIfCancellationRequested();
            return letter.Text.Length + context.RetryContext.RetryCount;
        }

        [Function("Burn")]
        public static ValueTask Burn([LetterTrigger] Letter letter) => throw new InvalidOperationException("it burns");

        [Function("Linger")]
        public async Task Linger([LetterTrigger] Letter letter, CancellationToken cancellationToken) => await Task.Delay(Timeout.Infinite, cancellationToken);

        [Function("Prepared")]
        public string Prepared([LetterTrigger] Letter letter, string prepared) => $"{letter.Text} {prepared}";
    }

    public sealed class ScopedOffice(Scoped scoped)
    {
        [Function("Keep")]
        public Scoped Keep([LetterTrigger] Letter letter) => scoped;
    }

    private static readonly Dictionary<string, object?> Data = new(StringComparer.OrdinalIgnoreCase) { ["From"] = "Ada" };

    [Fact]
    public async Task An_invocation_gives_what_the_function_returns_and_is_logged()
    {
        await using var host = await StartAsync();

        Assert.Equal("hello", await InvokeAsync(host, "Read", "hello"));
        Assert.Equal(6, await InvokeAsync(host, "ReadLater", "hello", retries: 1));

        var log = host.Log.Entries.Where(entry => entry.Category == "Function.Read").ToList();
        Assert.All(log, entry => Assert.Equal(LogLevel.Information, entry.Level));
        Assert.Matches(@"^Executing 'Functions\.Read' \(Reason='A letter came', Id=[0-9a-f-]{36}\)$", log[0].Message);
        Assert.Matches(@"^Executed 'Functions\.Read' \(Succeeded, Id=[0-9a-f-]{36}, Duration=\d+ms\)$", log[1].Message);
    }

    [Fact]
    public async Task A_failed_invocation_is_logged_with_its_exception_and_thrown()
    {
        await using var host = await StartAsync();

        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => InvokeAsync(host, "Burn", "hello"));

        Assert.Equal("it burns", exception.Message);
        var entry = Assert.Single(host.Log.Entries, entry => entry.Level == LogLevel.Error);
        Assert.Same(exception, entry.Exception);
        Assert.Matches(@"^Executed 'Functions\.Burn' \(Failed, Id=[0-9a-f-]{36}, Duration=\d+ms\)$", entry.Message);
    }

    [Fact]
    public async Task Middleware_sees_invocations_of_any_trigger()
    {
        await using var host = await StartAsync(builder => builder.UseMiddleware(async (context, next) =>
        {
            await next();
            Assert.Null(context.GetHttpContext());
            context.GetInvocationResult().Value = $"{context.BindingContext.BindingData["from"]}: {context.GetInvocationResult().Value}";
        }));

        Assert.Equal("Ada: hello", await InvokeAsync(host, "Read", "hello"));
    }

    [Fact]
    public async Task What_a_binding_prepares_is_there_for_the_arguments()
    {
        await using var host = await StartAsync();

        Assert.Equal("hello prepared", await InvokeAsync(host, "Prepared", "hello"));
    }

    [Fact]
    public async Task The_scope_of_an_invocation_ends_with_it()
    {
        await using var host = await StartAsync(builder => builder.Services.AddScoped<Scoped>(), typeof(ScopedOffice));

        var first = Assert.IsType<Scoped>(await InvokeAsync(host, "Keep", ""));
        var second = Assert.IsType<Scoped>(await InvokeAsync(host, "Keep", ""));

        Assert.NotSame(first, second);
        Assert.True(first.Disposed);
    }

    [Fact]
    public async Task Invocations_are_cancelled_by_their_caller_by_the_timeout_and_by_the_end_of_the_host()
    {
        await using var host = await StartAsync();
        await using var shortLived = await StartAsync(hostJson: """{ "version": "2.0", "functionTimeout": "00:00:00.050" }""");
        using var caller = new CancellationTokenSource();

        var called = InvokeAsync(host, "Linger", "", cancellationToken: caller.Token);
        var stopped = InvokeAsync(host, "Linger", "");
        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => called);
        Assert.False(stopped.IsCompleted);
        await host.StopAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stopped);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => InvokeAsync(shortLived, "Linger", ""));
    }

    [Fact]
    public async Task Listeners_start_and_stop_with_the_host_and_their_functions_are_listed()
    {
        var post = new Post();
        await using (var host = await StartAsync(post: post))
        {
            Assert.Equal(["Burn", "Linger", "Prepared", "Read", "ReadLater"], post.Listening.Order());
            Assert.Contains("\tRead: letterTrigger", host.Output.ToString(), StringComparison.Ordinal);
        }

        Assert.Empty(post.Listening);
    }

    [Fact]
    public async Task A_host_that_cannot_have_its_port_listens_to_nothing()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var post = new Post();

        var refusal = await TestHost.RefusalAsync(new TestHostSetup
        {
            Functions = [typeof(Office)],
            Arguments = ["--port", $"{((IPEndPoint)other.LocalEndpoint).Port}"],
            Configure = builder => builder.Services.AddSingleton<ITriggerExtension>(post),
        });

        Assert.Contains("is unavailable", refusal, StringComparison.Ordinal);
        Assert.False(post.EverListened);
    }

    [Fact]
    public async Task A_listener_that_cannot_start_keeps_the_host_from_starting()
    {
        var refusal = await TestHost.RefusalAsync(new TestHostSetup
        {
            Functions = [typeof(Office)],
            Configure = builder => builder.Services.AddSingleton<ITriggerExtension>(new Post { Fault = "The letter box is nailed up." }),
        });

        Assert.Equal("The host cannot start: The letter box is nailed up. (InvalidOperationException)", refusal);
    }

    private static Task<TestHost> StartAsync(
        Action<SelfHostBuilder>? configure = null, Type? functions = null, Post? post = null, string hostJson = TestHostSetup.NoPrefix) =>
        TestHost.StartAsync(new TestHostSetup
        {
            Functions = [functions ?? typeof(Office)],
            HostJson = hostJson,
            Configure = builder =>
            {
                builder.Services.AddSingleton<ITriggerExtension>(post ?? new Post());
                configure?.Invoke(builder);
            },
        });

    private static async Task<object?> InvokeAsync(TestHost host, string function, string text, int retries = 0, CancellationToken cancellationToken = default) =>
        await host.Services.GetRequiredService<FunctionDispatcher>().InvokeAsync(
            host.Functions.Single(candidate => candidate.Name == function),
            new TriggerInvocation(new Letter(text), "A letter came", Data, retries, 5),
            cancellationToken);

    private sealed class Post : ITriggerExtension
    {
        public HashSet<string> Listening { get; } = [];

        public bool EverListened { get; set; }

        public string? Fault { get; init; }

        public Type AttributeType => typeof(LetterTriggerAttribute);

        public ITriggerBinding Bind(HostFunction function) => new Binding(this, function.Name);

        private sealed class Binding(Post post, string function) : ITriggerBinding
        {
            public string Type => "letterTrigger";

            public Expression? BindParameter(ParameterInfo parameter, Expression context) =>
                parameter.ParameterType == typeof(Letter) ? Expression.Convert(Expression.Property(context, nameof(HostFunctionContext.TriggerData)), typeof(Letter))
                : parameter.Name == "prepared" ? Expression.Convert(Expression.Property(context, nameof(HostFunctionContext.ResultValue)), typeof(string))
                : null;

            public async ValueTask PrepareAsync(HostFunctionContext context)
            {
                if (function != "Prepared")
                    return;
                await Task.Yield();
                context.ResultValue = "prepared";
            }

            public IFunctionListener CreateListener(FunctionDispatcher dispatcher) => new Listener(post, function);
        }

        private sealed class Listener(Post post, string function) : IFunctionListener
        {
            public Task StartAsync(CancellationToken cancellationToken)
            {
                if (post.Fault is not null)
                    throw new InvalidOperationException(post.Fault);
                post.EverListened = post.Listening.Add(function);
                return Task.CompletedTask;
            }

            public Task StopAsync(CancellationToken cancellationToken)
            {
                post.Listening.Remove(function);
                return Task.CompletedTask;
            }
        }
    }
}
