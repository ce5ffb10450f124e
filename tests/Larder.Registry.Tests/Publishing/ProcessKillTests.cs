using System.Diagnostics;
using Larder.Registry.Models;
using Larder.Registry.Tests.Testing;
using Larder.Testing;

namespace Larder.Registry.Tests.Publishing;

/// <summary>A real process, killed at any moment while it publishes.</summary>
[Collection(AzuriteCollection.Name)]
public sealed class ProcessKillTests(Azurite azurite)
{
    private const int Kills = 6;

    [Fact]
    public async Task Every_acknowledged_version_is_there_after_a_kill_and_nothing_half_made()
    {
        var account = azurite.NewAccount();
        var folder = Directory.CreateTempSubdirectory("killed-").FullName;
        using var shop = new Shop(account, folder: folder);
        var acknowledged = new Dictionary<int, string>();
        for (var kill = 0; kill < Kills; kill++)
        {
            foreach (var line in await PublishUntilKilledAsync(account, folder, acknowledgements: Random.Shared.Next(1, 5)))
                acknowledged.Add(int.Parse(line.Split(' ')[0]), line.Split(' ')[1]);

            var visible = (await shop.Registry.ListVersionsAsync(ModelName.Parse("iris"), 1000)).Items;
            Assert.Equal(Enumerable.Range(1, visible.Count), visible.Select(version => version.Version));
            Assert.All(acknowledged, version => Assert.Equal(version.Value, visible[version.Key - 1].Sha256));
            foreach (var version in visible)
                Assert.Equal(version.Sha256, Shop.Sha256((await shop.ContentAsync(version.Sha256))!));
        }

        var next = (await shop.PublishAsync("iris", "next")).Version;
        Assert.Equal(Enumerable.Range(1, next), await shop.VersionsAsync("iris"));

        await shop.Sweeper.RunAsync(DateTimeOffset.UtcNow + TimeSpan.FromDays(2));
        Assert.Equal(next, (await shop.ArtifactsAsync()).Count);
        Assert.Empty(shop.Staged);
    }

    private static async Task<IReadOnlyList<string>> PublishUntilKilledAsync(string account, string folder, int acknowledgements)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true };
        foreach (var argument in new[] { typeof(ProcessKillTests).Assembly.Location, account, "iris", folder })
            start.ArgumentList.Add(argument);
        using var host = Process.Start(start)!;
        var lines = new List<string>();
        for (var i = 0; i < acknowledgements; i++)
            lines.Add(await host.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The host ended by itself."));

        // Any moment will do, so none is waited for but a random one.
        Thread.SpinWait(Random.Shared.Next(2_000_000));
        host.Kill();
        while (await host.StandardOutput.ReadLineAsync() is { } line)
        {
            // Half a line was not an acknowledgement.
            if (line.Split(' ') is [_, { Length: 64 }])
                lines.Add(line);
        }

        await host.WaitForExitAsync();
        return lines;
    }
}
