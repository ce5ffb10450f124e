using System.Globalization;
using System.Text.Json.Nodes;
using Larder.Orchestrations.Webhooks;
using Larder.Registry.Audit;
using Larder.Registry.Models;
using Larder.Registry.Storage.Blobs;
using Larder.Registry.Webhooks;
using Larder.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Larder.Orchestrations.Tests.Webhooks;

/// <summary>Events on their way to real receivers, good ones and bad ones.</summary>
public sealed class DeliveryTests(Azurite azurite) : IClassFixture<Azurite>, IAsyncLifetime
{
    private const string Secret = "a secret that both know";

    private static readonly WebhookOptions Quick = new() { AllowLoopback = true, Timeout = TimeSpan.FromSeconds(5), FirstDelay = TimeSpan.FromSeconds(1), Attempts = 4 };

    private readonly string _account = azurite.NewAccount();
    private readonly List<Server> _servers = [];

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync()
    {
        foreach (var server in _servers)
            server.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task An_event_is_delivered_at_once_signed_as_MLflow_does()
    {
        await using var receiver = await WebhookReceiver.AnsweringAsync(204);
        var server = Start(Quick);
        var webhook = await server.SubscribeAsync(receiver.Url + "/hook?x=1", Secret);
        var before = DateTimeOffset.UtcNow.ToUnixTimeSeconds();

        await server.CreateModelAsync("grüße");
        var done = await server.OverAsync(webhook, 1);

        var request = Assert.Single(receiver.Requests);
        Assert.True(request.IsSignedWith(Secret));
        Assert.False(request.IsSignedWith("another"));
        Assert.Equal("/hook", request.Path);
        Assert.Equal("application/json", request.Headers["Content-Type"]);
        Assert.InRange(long.Parse(request.Headers["X-MLflow-Timestamp"], CultureInfo.InvariantCulture), before, DateTimeOffset.UtcNow.ToUnixTimeSeconds());
        Assert.True(Guid.TryParse(request.Delivery, out _));
        Assert.False(request.Headers.ContainsKey("traceparent"));
        var payload = JsonNode.Parse(request.Body)!;
        Assert.Equal("""{"name":"iris-1","tags":{},"description":"grüße"}""", payload["data"]!.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
        Assert.Equal(("registered_model", "created"), ((string)payload["entity"]!, (string)payload["action"]!));
        Assert.Equal(TimeSpan.Zero, DateTimeOffset.Parse((string)payload["timestamp"]!, CultureInfo.InvariantCulture).Offset);
        Assert.Equal((request.Delivery, WebhookDeliveryStatus.Delivered, 1, 204, (string?)null), (done[0].Id, done[0].Status, done[0].Attempts, done[0].AnswerStatus!.Value, done[0].Error));
        Assert.Equal(request.Body, done[0].Payload);
    }

    [Fact]
    public async Task A_webhook_without_a_secret_gets_no_signature()
    {
        await using var receiver = await WebhookReceiver.AnsweringAsync(200);
        var server = Start(Quick);
        var webhook = await server.SubscribeAsync(receiver.Url, secret: null);

        await server.CreateModelAsync();
        await server.OverAsync(webhook, 1);

        Assert.False(Assert.Single(receiver.Requests).Headers.ContainsKey("X-MLflow-Signature"));
    }

    [Fact]
    public async Task A_receiver_that_fails_is_tried_again_with_the_same_id_and_body_and_a_new_signature()
    {
        await using var receiver = await WebhookReceiver.AnsweringAsync(500, 408, 200);
        var server = Start(Quick);
        var webhook = await server.SubscribeAsync(receiver.Url, Secret);

        await server.CreateModelAsync();
        var done = await server.OverAsync(webhook, 1);

        Assert.Equal((WebhookDeliveryStatus.Delivered, 3, 200, "answer 3"), (done[0].Status, done[0].Attempts, done[0].AnswerStatus!.Value, done[0].AnswerBody!));
        Assert.Equal(3, receiver.Requests.Count);
        Assert.Single(receiver.Requests.Select(request => (request.Delivery, request.Body)).Distinct());
        Assert.All(receiver.Requests, request => Assert.True(request.IsSignedWith(Secret)));
        Assert.True(receiver.Requests[1].When - receiver.Requests[0].When >= TimeSpan.FromSeconds(0.9));
        Assert.True(receiver.Requests[2].When - receiver.Requests[1].When >= TimeSpan.FromSeconds(1.9));
    }

    [Fact]
    public async Task A_timer_that_fires_before_the_clock_says_so_loses_no_attempt()
    {
        await using var receiver = await WebhookReceiver.AnsweringAsync(500, 200);
        var server = Start(Quick, new EarlyTimers());
        var webhook = await server.SubscribeAsync(receiver.Url, Secret);

        await server.CreateModelAsync();

        Assert.Equal(2, (await server.OverAsync(webhook, 1))[0].Attempts);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Retry_After_is_honoured(bool asDate)
    {
        await using var receiver = await WebhookReceiver.StartAsync((http, number) =>
        {
            http.Response.StatusCode = number == 1 ? 429 : 200;
            // A date has whole seconds.
            http.Response.Headers.RetryAfter = asDate ? DateTimeOffset.UtcNow.AddSeconds(5).ToString("R") : "4";
            return Task.CompletedTask;
        });
        var server = Start(Quick);
        var webhook = await server.SubscribeAsync(receiver.Url, Secret);

        await server.CreateModelAsync();
        await server.OverAsync(webhook, 1);

        Assert.Equal(2, receiver.Requests.Count);
        Assert.True(receiver.Requests[1].When - receiver.Requests[0].When >= TimeSpan.FromSeconds(3.9));
    }

    [Theory]
    [InlineData(301, "redirects are not followed")]
    [InlineData(307, "redirects are not followed")]
    [InlineData(308, "redirects are not followed")]
    [InlineData(400, "The receiver answered 400.")]
    [InlineData(401, "The receiver answered 401.")]
    [InlineData(404, "The receiver answered 404.")]
    [InlineData(410, "The receiver answered 410.")]
    public async Task An_answer_that_will_not_change_ends_the_delivery(int status, string error)
    {
        await using var elsewhere = await WebhookReceiver.AnsweringAsync(200);
        await using var receiver = await WebhookReceiver.StartAsync((http, _) =>
        {
            http.Response.StatusCode = status;
            http.Response.Headers.Location = elsewhere.Url;
            return Task.CompletedTask;
        });
        var server = Start(Quick);
        var webhook = await server.SubscribeAsync(receiver.Url, Secret);

        await server.CreateModelAsync();
        var done = await server.OverAsync(webhook, 1);

        Assert.Equal((WebhookDeliveryStatus.Failed, 1, status), (done[0].Status, done[0].Attempts, done[0].AnswerStatus!.Value));
        Assert.Contains(error, done[0].Error);
        Assert.Single(receiver.Requests);
        Assert.Empty(elsewhere.Requests);
    }

    [Fact]
    public async Task A_broken_receiver_is_given_up_after_the_last_attempt_and_can_be_delivered_to_by_hand()
    {
        var isBroken = true;
        await using var receiver = await WebhookReceiver.StartAsync((http, _) =>
        {
            if (isBroken)
                http.Abort();
            return Task.CompletedTask;
        });
        var server = Start(Quick with { Attempts = 2 });
        var webhook = await server.SubscribeAsync(receiver.Url, Secret);

        await server.CreateModelAsync();
        var failed = (await server.OverAsync(webhook, 1))[0];
        Assert.Equal((WebhookDeliveryStatus.Failed, 2, (int?)null), (failed.Status, failed.Attempts, failed.AnswerStatus));
        Assert.StartsWith("The receiver did not answer as HTTP has it", failed.Error);

        isBroken = false;
        await server.Deliveries.RedeliverAsync(webhook, failed.Id, "grace");
        var done = (await server.OverAsync(webhook, 1))[0];
        Assert.Equal((WebhookDeliveryStatus.Delivered, 3, "grace"), (done.Status, done.Attempts, done.RedeliveredBy));
        Assert.Single(receiver.Requests.Select(request => request.Delivery).Distinct());
    }

    [Fact]
    public async Task A_slow_receiver_delays_no_other()
    {
        const int Events = 12;
        var end = new TaskCompletionSource();
        await using var slow = await WebhookReceiver.StartAsync((_, _) => end.Task);
        await using var fast = await WebhookReceiver.AnsweringAsync(200);
        var server = Start(Quick with { Timeout = TimeSpan.FromMinutes(1), Parallelism = 2 });
        await server.SubscribeAsync(slow.Url, Secret);
        var webhook = await server.SubscribeAsync(fast.Url, Secret);

        for (var i = 0; i < Events; i++)
            await server.CreateModelAsync();
        await server.OverAsync(webhook, Events);

        Assert.Equal(Events, fast.Requests.Select(request => request.Delivery).Distinct().Count());
        Assert.InRange(slow.Requests.Count, 1, 2);
        end.SetResult();
    }

    [Fact]
    public async Task A_receiver_that_takes_too_long_is_left_and_of_a_long_answer_only_the_beginning_is_kept()
    {
        await using var slow = await WebhookReceiver.StartAsync((http, _) => Task.Delay(Timeout.Infinite, http.RequestAborted));
        await using var verbose = await WebhookReceiver.StartAsync(async (http, _) =>
        {
            for (var i = 0; i < 1000 && !http.RequestAborted.IsCancellationRequested; i++)
                await http.Response.WriteAsync(new string('x', 10_000));
        });
        var server = Start(Quick with { Timeout = TimeSpan.FromSeconds(1), Attempts = 1 });
        var (one, two) = (await server.SubscribeAsync(slow.Url, Secret), await server.SubscribeAsync(verbose.Url, Secret));

        await server.CreateModelAsync();

        Assert.Equal("The receiver did not answer within 1 seconds.", (await server.OverAsync(one, 1))[0].Error);
        Assert.Equal(1024, (await server.OverAsync(two, 1))[0].AnswerBody!.Length);
    }

    [Theory]
    [InlineData("https://127.0.0.1:{port}/")]
    [InlineData("https://localhost:{port}/")]
    [InlineData("https://[::1]:{port}/")]
    [InlineData("https://[::ffff:127.0.0.1]:{port}/")]
    [InlineData("https://2130706433:{port}/")]
    [InlineData("https://0x7f.1:{port}/")]
    [InlineData("https://0.0.0.0:{port}/")]
    [InlineData("https://10.0.0.1/")]
    [InlineData("https://192.168.0.1/")]
    [InlineData("https://100.64.0.1/")]
    [InlineData("https://169.254.169.254/metadata/instance")]
    [InlineData("https://[::ffff:169.254.169.254]/")]
    [InlineData("https://168.63.129.16/")]
    [InlineData("https://[fd00::1]/")]
    [InlineData("https://[fe80::1]/")]
    public async Task A_private_address_is_not_connected_to(string url)
    {
        await using var receiver = await WebhookReceiver.AnsweringAsync(200);
        var server = Start(Quick with { AllowLoopback = false });
        var webhook = await server.SubscribeAsync(url.Replace("{port}", new Uri(receiver.Url).Port.ToString(CultureInfo.InvariantCulture)), Secret);

        await server.CreateModelAsync();
        var failed = (await server.OverAsync(webhook, 1))[0];

        Assert.Equal((WebhookDeliveryStatus.Failed, 1), (failed.Status, failed.Attempts));
        Assert.EndsWith("is not at a public address.", failed.Error);
        Assert.Empty(receiver.Requests);
    }

    [Fact]
    public async Task Loopback_that_is_allowed_opens_no_other_private_address()
    {
        var server = Start(Quick);
        var webhook = await server.SubscribeAsync("https://10.0.0.1/", Secret);

        await server.CreateModelAsync();

        Assert.EndsWith("is not at a public address.", (await server.OverAsync(webhook, 1))[0].Error);
    }

    [Fact]
    public async Task What_one_server_left_others_deliver_once_each()
    {
        const int Events = 40;
        await using var receiver = await WebhookReceiver.AnsweringAsync(200);
        // A server without a dispatcher is one that crashed before it sent anything, an hour ago.
        var left = new Server(_account, Quick, new FakeTimeProvider(DateTimeOffset.UtcNow.AddHours(-1)), crashed: true);
        _servers.Add(left);
        var webhook = await left.SubscribeAsync(receiver.Url, Secret);
        for (var i = 0; i < Events; i++)
            await left.CreateModelAsync();
        var others = new[] { Start(Quick), Start(Quick), Start(Quick) };

        var sent = await Task.WhenAll(others.Select(other => other.Dispatcher!.RunDueAsync(DateTimeOffset.UtcNow.AddMinutes(1), CancellationToken.None)));

        Assert.Equal(Events, sent.Sum());
        Assert.Equal(Events, receiver.Requests.Count);
        Assert.Equal(Events, receiver.Requests.Select(request => request.Delivery).Distinct().Count());
        Assert.All(await left.OverAsync(webhook, Events), delivery => Assert.Equal(WebhookDeliveryStatus.Delivered, delivery.Status));
        Assert.Equal(0, await others[0].Dispatcher!.RunDueAsync(DateTimeOffset.UtcNow.AddMinutes(1), CancellationToken.None));
    }

    [Fact]
    public async Task What_waits_when_a_webhook_is_disabled_is_not_sent()
    {
        await using var receiver = await WebhookReceiver.AnsweringAsync(500, 200);
        var server = Start(Quick);
        var webhook = await server.SubscribeAsync(receiver.Url, Secret);
        await server.CreateModelAsync();
        await Eventually.TrueAsync(() => Task.FromResult(receiver.Requests.Count == 1));
        await server.Webhooks.UpdateAsync(webhook.Id, new WebhookPatch(null, null, null, null, null, WebhookStatus.Disabled), "ada");

        var failed = (await server.OverAsync(webhook, 1))[0];

        Assert.Equal(WebhookDeliveryStatus.Failed, failed.Status);
        Assert.StartsWith("The webhook was disabled", failed.Error);
        Assert.Single(receiver.Requests);
    }

    private Server Start(WebhookOptions options, TimeProvider? time = null)
    {
        var server = new Server(_account, options, time ?? TimeProvider.System);
        _servers.Add(server);
        return server;
    }

    /// <summary>The system's clock, with timers that fire 20 ms early.</summary>
    private sealed class EarlyTimers : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var early = TimeSpan.FromMilliseconds(Math.Max(0, dueTime.TotalMilliseconds - 20));
            return base.CreateTimer(callback, state, dueTime > TimeSpan.Zero ? early : dueTime, period);
        }
    }

    /// <summary>What a server has that makes and delivers events.</summary>
    private sealed class Server : IDisposable
    {
        private readonly WebhookSender _sender;
        private readonly ModelRegistry _registry;
        private int _models;

        public Server(string account, WebhookOptions options, TimeProvider time, bool crashed = false)
        {
            var documents = new BlobDocumentStore(BlobClients.Create(account));
            Deliveries = new DeliveryStore(documents, options, time);
            var log = new AuditLog(documents, NullLogger<AuditLog>.Instance, new EventPublisher(documents, Deliveries));
            var secrets = new WebhookSecrets(options);
            _registry = new ModelRegistry(documents, TimeProvider.System, log);
            Webhooks = new WebhookStore(documents, log, Deliveries, secrets, options, TimeProvider.System);
            _sender = new WebhookSender(secrets, options, TimeProvider.System);
            Dispatcher = crashed ? null : new WebhookDispatcher(Deliveries, _sender, options, time, NullLogger<WebhookDispatcher>.Instance);
        }

        public WebhookStore Webhooks { get; }

        public DeliveryStore Deliveries { get; }

        public WebhookDispatcher? Dispatcher { get; }

        public Task<Webhook> SubscribeAsync(string url, string? secret) =>
            Webhooks.CreateAsync(new WebhookPatch("hook", url, [WebhookEvent.Of(WebhookEvents.ModelCreated)], null, secret, null), "ada");

        public Task CreateModelAsync(string description = "") =>
            _registry.CreateAsync(ModelName.Parse($"iris-{Interlocked.Increment(ref _models)}"), new ModelPatch { Description = description }, "ada");

        /// <summary>Waits until so many deliveries are over.</summary>
        public async Task<IReadOnlyList<WebhookDelivery>> OverAsync(Webhook webhook, int count)
        {
            IReadOnlyList<WebhookDelivery> over = [];
            await Eventually.TrueAsync(async () =>
            {
                over = [.. (await Deliveries.ListAsync(webhook.Id, 1000)).Items.Where(delivery => delivery.Status != WebhookDeliveryStatus.Pending)];
                return over.Count == count;
            });
            return over;
        }

        public void Dispose()
        {
            Dispatcher?.Dispose();
            _sender.Dispose();
        }
    }
}
