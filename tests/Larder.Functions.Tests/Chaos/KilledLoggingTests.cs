using System.Globalization;
using System.Text.Json.Nodes;
using Larder.Functions.Tests.MLflow;
using Larder.Testing;

namespace Larder.Functions.Tests.Chaos;

/// <summary>SIGKILL while 64 callers log batches to one run and to runs of their own: what was acknowledged is there afterwards, and no batch is half there, on either store.</summary>
public sealed class KilledLoggingTests
{
    private const int Callers = 64;
    private const int Points = 10;
    private static readonly int Kills = LongTests.Choose(brief: 1, full: 4);

    [Theory]
    [InlineData("blobs")]
    [InlineData("cosmos")]
    public async Task Every_acknowledged_batch_survives_and_none_is_half_there(string kind)
    {
        await using var stores = await OwnStores.StartAsync(kind);
        var runs = new List<string>();
        // The batches that each caller was told of, with their runs.
        var acknowledged = Enumerable.Range(0, Callers).Select(_ => new List<(string Run, string Batch)>()).ToList();

        for (var kill = 0; kill < Kills; kill++)
        {
            await using var larder = await stores.StartLarderAsync();
            while (runs.Count <= Callers)
                runs.Add(await larder.Client.NewRunAsync());
            var enough = new TaskCompletionSource();
            // One shares the first run in turns with its own.
            var logging = Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => LogUntilKilledAsync(larder.Client, runs[0], runs[caller + 1], acknowledged[caller], enough)));
            await await Task.WhenAny(enough.Task, logging);
            await larder.KillAsync();
            await logging;
        }

        await using var survivor = await stores.StartLarderAsync();
        foreach (var run in runs)
        {
            var batches = (await survivor.Client.RunAsync(run))["data"]!["params"]?.AsArray().ToDictionary(param => (string)param!["key"]!, param => (string)param!["value"]!) ?? [];
            Assert.Subset(batches.Keys.ToHashSet(), acknowledged.SelectMany(of => of).Where(one => one.Run == run).Select(one => one.Batch).ToHashSet());
            var points = (await survivor.Client.AskAsync($"metrics/get-history?run_id={run}&metric_key=loss"))["metrics"]?.AsArray() ?? [];
            Assert.Equal(
                batches.Values.ToDictionary(value => value, _ => Points), points.GroupBy(point => point!["value"]!.ToJsonString()).ToDictionary(batch => batch.Key, batch => batch.Count()));
        }

        Assert.True(acknowledged.Sum(of => of.Count) >= Kills * 5, $"{acknowledged.Sum(of => of.Count)} batches were acknowledged.");
    }

    private static async Task LogUntilKilledAsync(HttpClient client, string shared, string own, List<(string Run, string Batch)> acknowledged, TaskCompletionSource enough)
    {
        var before = acknowledged.Count;
        try
        {
            for (var turn = 0; ; turn++)
            {
                var run = turn % 2 == 0 ? shared : own;
                var batch = Guid.NewGuid().ToString("N");
                // A batch is told by the value of its points.
                var value = Random.Shared.Next().ToString(CultureInfo.InvariantCulture);
                var body = new JsonObject
                {
                    ["run_id"] = run,
                    ["metrics"] = new JsonArray([.. Enumerable.Range(0, Points).Select(step => JsonNode.Parse($$"""{"key":"loss","value":{{value}},"timestamp":1,"step":{{step}}}"""))]),
                    ["params"] = new JsonArray(new JsonObject { ["key"] = batch, ["value"] = value }),
                };
                var (status, _) = await client.SendAsync("runs/log-batch", body.ToJsonString());
                if (status != 200)
                    continue;
                acknowledged.Add((run, batch));
                // One caller has been through it often enough that all are in the middle of it.
                if (acknowledged.Count - before >= 6)
                    enough.TrySetResult();
            }
        }
        catch (HttpRequestException)
        {
            // Killed. What was asked last may be done or not.
        }
    }
}
