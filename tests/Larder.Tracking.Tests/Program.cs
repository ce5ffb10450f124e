using System.Globalization;
using System.Text;
using Larder.Tracking.Artifacts;
using Larder.Tracking.Metrics;
using Larder.Tracking.Runs;
using Larder.Tracking.Tests.Testing;

namespace Larder.Tracking.Tests;

/// <summary>A host with 64 writers that log batches and artifacts, each in turns to a run that all share and to one of its own, until it is killed, and says which batches it was told of.</summary>
internal static class Program
{
    /// <summary>How many writers there are.</summary>
    public const int Writers = 64;

    /// <param name="arguments">The runs, the shared one first, and a connection string; then for Cosmos DB endpoint, key and database.</param>
    public static async Task Main(string[] arguments)
    {
        using var host = arguments is [_, var account, var endpoint, var key, var database]
            ? await TrackingHost.OnCosmosAsync(account, endpoint, key, database, TimeProvider.System)
            : TrackingHost.OnBlobs(arguments[1], TimeProvider.System);
        var runs = arguments[0].Split(',');
        await Task.WhenAll(Enumerable.Range(1, Writers).Select(writer => Task.Run(async () =>
        {
            for (var turn = 0; ; turn++)
            {
                var run = runs[turn % 2 == 0 ? 0 : writer];
                var batch = Guid.NewGuid().ToString("N");
                var value = BitConverter.ToUInt32(Guid.NewGuid().ToByteArray());
                await host.Runs.LogAsync(run, new LogBatch(
                    [.. Enumerable.Range(0, 10).Select(i => new LoggedMetric("loss", new MetricPoint(i, 1000, value)))], [new(batch, value.ToString(CultureInfo.InvariantCulture))], []));
                await host.Artifacts.PutAsync(run, ArtifactPath.Parse($"batches/{batch}.txt"), new MemoryStream(Encoding.UTF8.GetBytes(value.ToString(CultureInfo.InvariantCulture))));
                await Console.Out.WriteLineAsync($"{batch} {run} {value}.");
            }
        })));
    }
}
