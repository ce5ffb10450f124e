using System.Net;
using Larder.Functions.Tests.Hosting;
using Larder.Testing;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Chaos;

/// <summary>SIGKILL while 64 callers change one model again and again: what was acknowledged is there afterwards, on either store.</summary>
public sealed class KilledEditsTests
{
    private const int Callers = 64;
    private static readonly int Kills = LongTests.Choose(brief: 2, full: 4);

    [Theory]
    [InlineData("blobs")]
    [InlineData("cosmos")]
    public async Task Every_acknowledged_edit_survives(string kind)
    {
        await using var stores = await OwnStores.StartAsync(kind);
        // What each caller was told last, and what it asked for after that without an answer.
        var acknowledged = new int[Callers];
        var asked = new int[Callers];

        for (var kill = 0; kill < Kills; kill++)
        {
            await using var larder = await stores.StartLarderAsync();
            if (kill == 0)
                Assert.Equal(HttpStatusCode.Created, (await larder.Client.UploadAsync("hot", OnnxModel.Linear())).Status);
            var enough = new TaskCompletionSource();
            var editing = Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => EditUntilKilledAsync(larder.Client, caller, acknowledged, asked, enough)));
            await enough.Task;
            await larder.KillAsync();
            await editing;
        }

        await using var survivor = await stores.StartLarderAsync();
        var tags = (await survivor.Client.GetJsonAsync("/api/v1/models/hot")).Body["model"]!["tags"]!;
        Assert.All(Enumerable.Range(0, Callers), caller =>
            Assert.InRange(tags[$"caller-{caller}"] is { } tag ? int.Parse((string)tag!, System.Globalization.CultureInfo.InvariantCulture) : 0, acknowledged[caller], asked[caller]));
        Assert.True(acknowledged.Sum() >= Kills * 5, $"{acknowledged.Sum()} edits were acknowledged.");
    }

    private static async Task EditUntilKilledAsync(HttpClient client, int caller, int[] acknowledged, int[] asked, TaskCompletionSource enough)
    {
        var before = acknowledged[caller];
        try
        {
            while (true)
            {
                asked[caller]++;
                var answer = await client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/hot", $$$"""{"tags":{"caller-{{{caller}}}":"{{{asked[caller]}}}"}}""");
                if (answer.Status != HttpStatusCode.OK)
                    continue;
                acknowledged[caller] = asked[caller];
                // One caller has been through it often enough that all are in the middle of it.
                if (acknowledged[caller] - before >= 5)
                    enough.TrySetResult();
            }
        }
        catch (HttpRequestException)
        {
            // Killed. What was asked last may be done or not.
        }
    }
}
