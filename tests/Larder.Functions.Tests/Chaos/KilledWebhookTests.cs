using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using Larder.Functions.Tests.Hosting;
using Larder.Functions.Tests.MLflow;
using Larder.Testing;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Chaos;

/// <summary>
/// SIGKILL while several callers publish, tag and move aliases, and the receiver of the events is down: between the changes and their deliveries. When the receiver is up again, every
/// acknowledged change reaches it, signed, and no change that was not asked for does; what comes twice has the same id.
/// </summary>
public sealed class KilledWebhookTests
{
    private static readonly int Kills = LongTests.Choose(brief: 2, full: 4);
    private const int Callers = 4;
    private const int Enough = 20;
    private const string Secret = "known to both";

    [Theory]
    [InlineData("blobs")]
    [InlineData("cosmos")]
    public async Task Every_acknowledged_change_is_delivered(string kind)
    {
        await using var stores = await OwnStores.StartAsync(kind);
        var isUp = false;
        await using var receiver = await WebhookReceiver.StartAsync((http, _) =>
        {
            http.Response.StatusCode = Volatile.Read(ref isUp) ? 200 : 503;
            return Task.CompletedTask;
        });
        (string, string)[] settings =
        [
            ("Webhooks:AllowLoopback", "true"), ("Webhooks:Timeout", "00:00:01"), ("Webhooks:FirstDelay", "00:00:01"), ("Webhooks:MaxDelay", "00:00:05"), ("Webhooks:Attempts", "50"),
        ];
        var (asked, acknowledged) = (new ConcurrentBag<string>(), new ConcurrentBag<string>());

        for (var kill = 0; kill < Kills; kill++)
        {
            await using var larder = await stores.StartLarderAsync(settings);
            if (kill == 0)
            {
                await larder.Client.UploadAsync("hot", OnnxModel.Linear());
                await larder.Client.PostAsync(
                    "webhooks",
                    $$"""{"name":"hook","url":"{{receiver.Url}}","secret":"{{Secret}}","events":[{"entity":"REGISTERED_MODEL","action":"CREATED"},{"entity":"MODEL_VERSION_TAG","action":"SET"},{"entity":"MODEL_VERSION_ALIAS","action":"CREATED"}]}""");
            }
            var (enough, before) = (new TaskCompletionSource(), acknowledged.Count);
            var working = Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => UntilKilledAsync(larder.Client, caller, asked, acknowledged, () =>
            {
                if (acknowledged.Count - before >= Enough)
                    enough.TrySetResult();
            })));
            await enough.Task;
            await larder.KillAsync();
            await working;
        }

        Assert.True(acknowledged.Count >= Kills * Enough);
        Volatile.Write(ref isUp, true);
        var from = receiver.Requests.Count;
        await using var survivor = await stores.StartLarderAsync(settings);
        await Eventually.TrueAsync(() => Task.FromResult(!acknowledged.Except(receiver.Requests.Skip(from).Select(TokenOf)).Any()));

        Assert.Empty(receiver.Requests.Select(TokenOf).Except(asked));
        Assert.All(receiver.Requests, request => Assert.True(request.IsSignedWith(Secret)));
        // One event is one delivery, however often it is sent.
        Assert.All(receiver.Requests.GroupBy(TokenOf), group => Assert.Single(group.Select(request => request.Delivery).Distinct()));
    }

    private static async Task UntilKilledAsync(HttpClient client, int caller, ConcurrentBag<string> asked, ConcurrentBag<string> acknowledged, Action done)
    {
        try
        {
            for (var i = 0; ; i++)
            {
                var word = $"w{Guid.NewGuid():N}";
                asked.Add(word);
                var answer = ((caller + i) % 3) switch
                {
                    0 => await client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/hot:1", $$$"""{"tags":{"caller-{{{caller}}}":"{{{word}}}"}}"""),
                    1 => await client.SendJsonAsync(HttpMethod.Put, $"/api/v1/models/hot/aliases/{word}", """{"version":1}"""),
                    _ => await client.SendJsonAsync(HttpMethod.Post, "/api/2.0/mlflow/registered-models/create", $$"""{"name":"{{word}}"}"""),
                };
                if (answer.Status is HttpStatusCode.OK or HttpStatusCode.Created)
                    acknowledged.Add(word);
                done();
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException)
        {
            // Killed. What was asked last may be done or not.
        }
    }

    private static string TokenOf(ReceivedEvent request)
    {
        var data = JsonNode.Parse(request.Body)!["data"]!;
        return (string)(data["value"] ?? data["alias"] ?? data["name"])!;
    }
}
