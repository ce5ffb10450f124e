using Larder.Inference;
using Larder.Registry.GarbageCollection;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Larder.Registry.Tests.Testing;
using Larder.Testing;

namespace Larder.Registry.Tests.Models;

/// <summary>A host crashes at every single storage call of every change, before the call or after it. Whatever is left, readers see whole things only.</summary>
public sealed class CrashTests(Azurite azurite) : IClassFixture<Azurite>
{
    private static readonly ModelName Iris = ModelName.Parse("iris");
    private static readonly TimeSpan Later = TimeSpan.FromDays(2);

    // Far more than any change needs; the last round of a test is the one that survives.
    private const int MostCalls = 60;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task Publishing_a_new_name(bool afterwards) => AtEveryCallAsync(afterwards, async (dying, shop, survived) =>
    {
        await dying(host => host.PublishAsync("iris", "1"));

        var visible = await VisibleAsync(shop);
        Assert.Equal(visible, visible.Count == 0 ? [] : [1]);
        Assert.True(!survived() || visible.Count == 1);

        // The next one counts on without a gap: after what was visible, or after what is completed now.
        var next = (await shop.PublishAsync("iris", "next")).Version;
        Assert.Equal(Enumerable.Range(1, next), await shop.VersionsAsync("iris"));
        await EverythingReadsAsync(shop, "iris");
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task Publishing_a_new_name_and_nobody_publishes_again(bool afterwards) => AtEveryCallAsync(afterwards, async (dying, shop, _) =>
    {
        await dying(host => host.PublishAsync("iris", "1"));
        await shop.Sweeper.RunAsync(DateTimeOffset.UtcNow + Later);

        var visible = await VisibleAsync(shop);
        Assert.Equal(visible.Select(_ => Shop.Sha256("1")), (await shop.ArtifactsAsync()).Select(artifact => artifact.Sha256));
        if (visible.Count > 0)
            await EverythingReadsAsync(shop, "iris");
        Assert.Equal(visible.Count + 1, (await shop.PublishAsync("iris", "next")).Version);
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task Publishing_another_version(bool afterwards) => AtEveryCallAsync(afterwards, async (dying, shop, survived) =>
    {
        await shop.PublishAsync("iris", "1");
        await dying(host => host.PublishAsync("iris", "2", new PublishRequest { Source = "upload", ModelDescription = "patched" }));

        var visible = await VisibleAsync(shop);
        Assert.Equal(Enumerable.Range(1, visible.Count), visible);
        Assert.InRange(visible.Count, survived() ? 2 : 1, 2);

        // The version and the patch of the model that comes with it are one step.
        var model = await shop.Registry.GetAsync(Iris);
        Assert.Equal(visible.Count == 2 ? "patched" : "", model.Description);
        Assert.Equal(visible.Count, model.LatestVersion);

        var next = (await shop.PublishAsync("iris", "next")).Version;
        Assert.Equal(Enumerable.Range(1, next), await shop.VersionsAsync("iris"));
        await EverythingReadsAsync(shop, "iris");
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task Deleting_a_version(bool afterwards) => AtEveryCallAsync(afterwards, async (dying, shop, survived) =>
    {
        for (var i = 1; i <= 3; i++)
            await shop.PublishAsync("iris", $"{i}");
        await shop.Registry.SetAliasAsync(Iris, "champion", 3);
        await dying(host => host.Registry.DeleteVersionAsync(Iris, 3, force: true));

        var visible = await VisibleAsync(shop);
        var deleted = !visible.Contains(3);
        Assert.Equal(deleted ? [1, 2] : [1, 2, 3], visible);
        Assert.True(deleted || !survived());
        var model = await shop.Registry.GetAsync(Iris);
        Assert.Equal(deleted ? 2 : 3, model.LatestVersion);
        Assert.Equal(!deleted, model.Aliases.ContainsKey("champion"));
        await EverythingReadsAsync(shop, "iris");

        await shop.Sweeper.RunAsync(DateTimeOffset.UtcNow + Later);
        Assert.Equal(visible, await VisibleAsync(shop));
        Assert.Equal(visible.Count, (await shop.ArtifactsAsync()).Count);
        Assert.Equal(4, (await shop.PublishAsync("iris", "next")).Version);
        Assert.Equal([.. visible, 4], await VisibleAsync(shop));
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task Deleting_a_model(bool afterwards) => AtEveryCallAsync(afterwards, async (dying, shop, survived) =>
    {
        for (var i = 1; i <= 2; i++)
            await shop.PublishAsync("iris", $"{i}");
        await dying(host => host.Registry.DeleteModelAsync(Iris));

        var visible = await VisibleAsync(shop);
        Assert.True(visible.Count == 0 || (visible.Count == 2 && !survived()));

        await shop.Sweeper.RunAsync(DateTimeOffset.UtcNow + Later);
        Assert.Equal(visible, await VisibleAsync(shop));
        Assert.Equal(visible.Count, (await shop.ArtifactsAsync()).Count);
        Assert.Equal(3, (await shop.PublishAsync("iris", "next")).Version);
        Assert.Equal([.. visible, 3], await VisibleAsync(shop));
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task Purging_a_version(bool afterwards) => AtEveryCallAsync(afterwards, async (dying, shop, survived) =>
    {
        await shop.PublishAsync("iris", "1");
        await shop.PublishAsync("iris", "2");
        await dying(host => host.Registry.DeleteVersionAsync(Iris, 2, purge: true));

        var visible = await VisibleAsync(shop);
        Assert.True(visible is [1] || (visible is [1, 2] && !survived()));
        await Assert.ThrowsAnyAsync<LarderException>(() => shop.Registry.RestoreVersionAsync(Iris, 2));

        await shop.Sweeper.RunAsync(DateTimeOffset.UtcNow + Later);
        Assert.Equal(visible, await VisibleAsync(shop));
        Assert.Equal(visible.Count, (await shop.ArtifactsAsync()).Count);
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task Restoring_a_version_and_a_model(bool afterwards) => AtEveryCallAsync(afterwards, async (dying, shop, survived) =>
    {
        for (var i = 1; i <= 2; i++)
            await shop.PublishAsync("iris", $"{i}");
        await shop.Registry.DeleteVersionAsync(Iris, 2);
        await shop.Registry.DeleteModelAsync(Iris);
        await dying(async host =>
        {
            await host.Registry.RestoreModelAsync(Iris);
            await host.Registry.RestoreVersionAsync(Iris, 2);
        });

        var visible = await VisibleAsync(shop);
        Assert.True(visible.Count == 2 || !survived());
        Assert.Equal(Enumerable.Range(1, visible.Count), visible);
        if (visible.Count > 0)
            await EverythingReadsAsync(shop, "iris");
        Assert.Equal(3, (await shop.PublishAsync("iris", "next")).Version);
        Assert.Equal([.. visible, 3], await VisibleAsync(shop));
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task Moving_an_alias(bool afterwards) => AtEveryCallAsync(afterwards, async (dying, shop, survived) =>
    {
        await shop.PublishAsync("iris", "1");
        await shop.PublishAsync("iris", "2");
        await shop.Registry.SetAliasAsync(Iris, "champion", 1);
        await dying(host => host.Registry.SetAliasAsync(Iris, "champion", 2));

        var model = await shop.Registry.GetAsync(Iris);
        var moved = model.Aliases["champion"] == 2;
        Assert.True(moved || (model.Aliases["champion"] == 1 && !survived()));
        Assert.Equal(moved, model.Audit[0] is { What: "set_alias", From: 1, To: 2 });
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task Sweeping(bool afterwards) => AtEveryCallAsync(afterwards, async (dying, shop, _) =>
    {
        // Something for every step: an orphan artifact, a version not counted, a deletion half done, a deleted model's versions.
        await shop.PublishAsync("iris", "1");
        await shop.PublishAsync("iris", "2");
        await shop.PublishAsync("rose", "rose");
        await shop.Registry.DeleteModelAsync(ModelName.Parse("rose"));
        await HalfDoneAsync(shop, call: 1, host => host.PublishAsync("tulip", "orphan"));
        await HalfDoneAsync(shop, call: 3, host => host.PublishAsync("iris", "3"));
        await HalfDoneAsync(shop, call: 3, host => host.Registry.DeleteVersionAsync(Iris, 1, purge: true));

        await dying(host => host.Sweeper.RunAsync(DateTimeOffset.UtcNow + Later));
        var visible = await VisibleAsync(shop);
        Assert.True(visible is [2] or [2, 3], string.Join(",", visible));
        await EverythingReadsAsync(shop, "iris");

        // Another run takes up what is left, and then there is nothing to do.
        await shop.Sweeper.RunAsync(DateTimeOffset.UtcNow + Later);
        await shop.Sweeper.RunAsync(DateTimeOffset.UtcNow + Later);
        Assert.Equal(new GarbageCollectionReport(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), await shop.Sweeper.RunAsync(DateTimeOffset.UtcNow + Later));
        Assert.Equal([2, 3], await VisibleAsync(shop));
        Assert.Equal(
            new[] { Shop.Sha256("2"), Shop.Sha256("3") }.Order(), (await shop.ArtifactsAsync()).Select(artifact => artifact.Sha256).Order());
        await EverythingReadsAsync(shop, "iris");
    });

    /// <summary>Runs a test once for every storage call that the change in it makes, and once more with a host that survives.</summary>
    private async Task AtEveryCallAsync(bool afterwards, Func<Func<Func<Shop, Task>, Task>, Shop, Func<bool>, Task> test)
    {
        for (var call = 1; call <= MostCalls; call++)
        {
            var account = azurite.NewAccount();
            using var shop = new Shop(account);
            var life = new CrashPoint(call, afterwards);
            using var dying = Host(account, life);
            await test(change => DieAsync(dying, life, change), shop, () => !life.IsCrashed);
            if (!life.IsCrashed)
            {
                Assert.True(call > 1, "The change makes no storage call.");
                return;
            }
        }

        Assert.Fail($"The change makes more than {MostCalls} storage calls.");
    }

    private async Task HalfDoneAsync(Shop shop, int call, Func<Shop, Task> change)
    {
        var life = new CrashPoint(call, afterwards: true);
        using var dying = Host(shop.Account, life);
        await DieAsync(dying, life, change);
        Assert.True(life.IsCrashed);
    }

    private static Shop Host(string account, CrashPoint life) => new(
        account, documents: store => new CrashingDocumentStore(store, life), artifacts: store => new CrashingArtifactStore(store, life));

    private static async Task DieAsync(Shop host, CrashPoint life, Func<Shop, Task> change)
    {
        try
        {
            await change(host);
        }
        catch (CrashPoint.DeadException)
        {
            Assert.True(life.IsCrashed);
        }
    }

    private static async Task<IReadOnlyList<int>> VisibleAsync(Shop shop)
    {
        var models = (await shop.Registry.ListAsync(10)).Items;
        return models.Count == 0 ? [] : await shop.VersionsAsync(Assert.Single(models).Name);
    }

    /// <summary>Whatever is listed resolves, is READY and has its bytes.</summary>
    private static async Task EverythingReadsAsync(Shop shop, string name)
    {
        var model = await shop.Registry.GetAsync(ModelName.Parse(name));
        var versions = (await shop.Registry.ListVersionsAsync(ModelName.Parse(name), 100)).Items;
        Assert.Equal(versions[^1].Version, model.ServedVersion);
        foreach (var version in versions)
        {
            Assert.Equal(ModelVersionStatus.Ready, version.Status);
            Assert.Equal(version.Sha256, (await shop.Registry.GetVersionAsync(ModelName.Parse(name), version.Version)).Sha256);
            Assert.Equal(version.Sha256, Shop.Sha256((await shop.ContentAsync(version.Sha256))!));
        }
    }
}
