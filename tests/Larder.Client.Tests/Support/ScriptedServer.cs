using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Larder.Client.Tests.Support;

/// <summary>A web server whose answers a test writes: for what a real Larder does only under load, or when it is killed.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ScriptedServer(WebApplication app) => _app = app;

    /// <summary>Where it listens.</summary>
    public Uri Address => new(_app.Urls.First());

    /// <summary>The requests that came: method and path with query, the body and its idempotency key.</summary>
    public ConcurrentQueue<(string What, string Body, string? Key, string? LastEvent)> Requests { get; } = [];

    /// <summary>Starts it on a free port.</summary>
    /// <param name="answer">Answers a request; the number counts them from 1.</param>
    public static async Task<ScriptedServer> StartAsync(Func<HttpContext, int, Task> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var server = new ScriptedServer(app);
        app.Run(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            var body = await reader.ReadToEndAsync();
            server.Requests.Enqueue(($"{context.Request.Method} {context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget}", body, context.Request.Headers["Idempotency-Key"].FirstOrDefault(), context.Request.Headers["Last-Event-ID"].FirstOrDefault()));
            await answer(context, server.Requests.Count);
        });
        await app.StartAsync();
        return server;
    }

    /// <summary>A client of it that hardly waits between repetitions.</summary>
    public LarderClient Client(int retries = 3, TimeSpan? silence = null) => new(Address, new LarderClientOptions
    {
        Retries = retries,
        RetryDelay = TimeSpan.FromMilliseconds(10),
        StreamSilence = silence ?? TimeSpan.FromMinutes(1),
    });

    /// <inheritdoc />
    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}
