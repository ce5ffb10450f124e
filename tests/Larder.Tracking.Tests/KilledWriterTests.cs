using System.Diagnostics;
using System.Globalization;
using Larder.Testing;
using Larder.Tracking.Artifacts;
using Larder.Tracking.Tests.Testing;

namespace Larder.Tracking.Tests;

/// <summary>A real process with many writers, killed at any moment.</summary>
public abstract class KilledWriterContract : TrackingTests
{
    private const int Kills = 3;

    protected abstract string[] Arguments { get; }

    [Fact]
    public async Task Every_acknowledged_batch_and_artifact_is_there_after_a_kill_and_none_is_half_there()
    {
        var host = await OpenAsync();
        // The first is that of all writers, the others are a writer's own.
        var runs = new List<string>();
        while (runs.Count <= Program.Writers)
            runs.Add((await CreateRunAsync(host)).Id);
        var acknowledged = new Dictionary<string, (string Run, string Value)>();
        for (var kill = 0; kill < Kills; kill++)
        {
            await LogUntilKilledAsync(runs, acknowledged, acknowledgements: 200);

            foreach (var run in runs)
            {
                var own = acknowledged.Where(batch => batch.Value.Run == run).ToList();
                var found = await host.Runs.GetAsync(run);
                Assert.All(own, batch => Assert.Equal(batch.Value.Value, found.Params[batch.Key]));
                var files = await host.Artifacts.FilesAsync(run, ArtifactPath.Root).ToDictionaryAsync(file => file.Path.ToString());
                foreach (var (batch, (_, value)) in own)
                {
                    await using var content = await host.Artifacts.OpenAsync(files[$"batches/{batch}.txt"]);
                    Assert.Equal(value, await new StreamReader(content).ReadToEndAsync());
                }
                var points = (await host.Runs.HistoryAsync(run, "loss", 1_000_000, null)).Items;
                var whole = points.GroupBy(point => point.Value).ToDictionary(batch => batch.Key.ToString(CultureInfo.InvariantCulture), batch => batch.Count());
                Assert.Equal(found.Params.Values.ToHashSet(), [.. whole.Keys]);
                Assert.All(whole.Values, count => Assert.Equal(10, count));
            }
        }

        Assert.True(acknowledged.Count >= Kills * 200, $"{acknowledged.Count}");
    }

    private async Task LogUntilKilledAsync(IReadOnlyList<string> runs, Dictionary<string, (string Run, string Value)> acknowledged, int acknowledgements)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true };
        foreach (var argument in (string[])[typeof(Program).Assembly.Location, string.Join(',', runs), .. Arguments])
            start.ArgumentList.Add(argument);
        using var host = Process.Start(start)!;
        for (var i = 0; i < acknowledgements; i++)
            Note(await host.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The host ended by itself."));
        host.Kill();
        while (await host.StandardOutput.ReadLineAsync() is { } line)
            Note(line);

        // Half a line was no acknowledgement.
        void Note(string line)
        {
            if (line.Split(' ') is [{ Length: 32 } batch, var run, [.. var value, '.']])
                acknowledged.Add(batch, (run, value));
        }
    }
}

[Collection(AzuriteCollection.Name)]
public sealed class BlobKilledWriterTests(Azurite azurite) : KilledWriterContract
{
    private readonly string _account = azurite.NewAccount();

    protected override string[] Arguments => [_account];

    protected override Task<TrackingHost> OpenHostAsync() => Task.FromResult(TrackingHost.OnBlobs(_account, Time));
}

[Collection(CosmosCollection.Name)]
public sealed class CosmosKilledWriterTests(CosmosServer server, Azurite azurite) : KilledWriterContract
{
    private readonly string _account = azurite.NewAccount();
    private readonly string _database = server.NewDatabase();

    protected override string[] Arguments => [_account, server.Endpoint, server.Key, _database];

    protected override Task<TrackingHost> OpenHostAsync() => TrackingHost.OnCosmosAsync(_account, server.Endpoint, server.Key, _database, Time);
}
