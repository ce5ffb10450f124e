using System.Globalization;
using System.Text;
using Larder.Tracking.Artifacts;
using Larder.Tracking.Metrics;
using Larder.Tracking.Runs;
using Larder.Tracking.Tests.Testing;

namespace Larder.Tracking.Tests;

/// <summary>A host with 64 writers that log batches and artifacts to one run until it is killed, and says which batches it was told of.</summary>
internal static class Program
{
    private const int Writers = 64;

    /// <param name="arguments">The run and a connection string; then for Cosmos DB endpoint, key and database.</param>
    public static async Task Main(string[] arguments)
    {
        using var host = arguments is [_, var account, var endpoint, var key, var database]
            ? await TrackingHost.OnCosmosAsync(account, endpoint, key, database, TimeProvider.System)
            : TrackingHost.OnBlobs(arguments[1], TimeProvider.System);
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => Task.Run(async () =>
        {
            while (true)
            {
                var batch = Guid.NewGuid().ToString("N");
                var value = BitConverter.ToUInt32(Guid.NewGuid().ToByteArray());
                await host.Runs.LogAsync(arguments[0], new LogBatch(
                    [.. Enumerable.Range(0, 10).Select(i => new LoggedMetric("loss", new MetricPoint(i, 1000, value)))], [new(batch, value.ToString(CultureInfo.InvariantCulture))], []));
                await host.Artifacts.PutAsync(arguments[0], ArtifactPath.Parse($"batches/{batch}.txt"), new MemoryStream(Encoding.UTF8.GetBytes(value.ToString(CultureInfo.InvariantCulture))));
                await Console.Out.WriteLineAsync($"{batch} {value}.");
            }
        })));
    }
}
