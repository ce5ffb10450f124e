using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Larder.Testing;

/// <summary>A request as a receiver of events got it.</summary>
/// <param name="Path">Its path.</param>
/// <param name="Body">Its body.</param>
/// <param name="Headers">Its headers, whatever their letters' case.</param>
/// <param name="When">When it came.</param>
public sealed record ReceivedEvent(string Path, string Body, IReadOnlyDictionary<string, string> Headers, DateTimeOffset When)
{
    /// <summary>The delivery's id.</summary>
    public string Delivery => Headers["X-MLflow-Delivery-Id"];

    /// <summary>Whether the signature is that of a secret: computed here from the headers and the body as they came.</summary>
    public bool IsSignedWith(string secret)
    {
        using var hmac = new HMACSHA256(Encoding.UTF8.GetBytes(secret));
        var signed = Encoding.UTF8.GetBytes($"{Delivery}.{Headers["X-MLflow-Timestamp"]}.{Body}");
        return Headers["X-MLflow-Signature"] == "v1," + Convert.ToBase64String(hmac.ComputeHash(signed));
    }
}

/// <summary>A web server on this machine that gets events, and answers as a test says.</summary>
public sealed class WebhookReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<ReceivedEvent> _requests;

    private WebhookReceiver(WebApplication app, ConcurrentQueue<ReceivedEvent> requests) => (_app, _requests) = (app, requests);

    /// <summary>Where it is.</summary>
    public string Url => _app.Urls.First();

    /// <summary>What it got so far.</summary>
    public IReadOnlyList<ReceivedEvent> Requests => [.. _requests];

    /// <summary>Starts one.</summary>
    /// <param name="answer">Answers a request; gets the number of requests until now.</param>
    public static async Task<WebhookReceiver> StartAsync(Func<HttpContext, int, Task> answer)
    {
        var requests = new ConcurrentQueue<ReceivedEvent>();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.Run(async http =>
        {
            using var reader = new StreamReader(http.Request.Body, Encoding.UTF8);
            var received = new ReceivedEvent(
                http.Request.Path, await reader.ReadToEndAsync(), http.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase), DateTimeOffset.UtcNow);
            int number;
            lock (requests)
            {
                requests.Enqueue(received);
                number = requests.Count;
            }
            await answer(http, number);
        });
        await app.StartAsync();
        return new WebhookReceiver(app, requests);
    }

    /// <summary>Starts one that answers with a status after the other, and goes on with the last.</summary>
    public static Task<WebhookReceiver> AnsweringAsync(params int[] statuses) => StartAsync((http, number) =>
    {
        http.Response.StatusCode = statuses[Math.Min(number, statuses.Length) - 1];
        return http.Response.StatusCode == StatusCodes.Status204NoContent ? Task.CompletedTask : http.Response.WriteAsync($"answer {number}");
    });

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // Requests that it holds must not hold the test.
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }
}
