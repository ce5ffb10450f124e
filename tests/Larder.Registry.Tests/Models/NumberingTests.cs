using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Larder.Registry.Tests.Testing;
using Larder.Testing;

namespace Larder.Registry.Tests.Models;

[Collection(AzuriteCollection.Name)]
public sealed class NumberingTests(Azurite azurite)
{
    private static readonly ModelName Iris = ModelName.Parse("iris");

    private readonly string _account = azurite.NewAccount();

    [Fact]
    public async Task Thirty_concurrent_publishers_of_a_new_name_get_1_to_30()
    {
        using var one = new Shop(_account);
        using var two = new Shop(_account);

        var published = await Task.WhenAll(Enumerable.Range(0, 30).Select(i => (i % 2 == 0 ? one : two).PublishAsync(
            "iris", $"content {i}", new PublishRequest { Source = "upload", Description = $"{i}", Owner = "ada" })));

        Assert.Equal(Enumerable.Range(1, 30), published.Select(version => version.Version).Order());
        Assert.Equal(Enumerable.Range(1, 30), await one.VersionsAsync("iris"));
        Assert.All(published, version => Assert.Equal(Shop.Sha256($"content {version.Description}"), version.Sha256));
        var model = await two.Registry.GetAsync(Iris);
        Assert.Equal((30, "ada"), (model.LatestVersion, model.Owner));
        Assert.Equal(Enumerable.Range(1, 30), model.Audit.Where(e => e.What == "publish").Select(e => e.To!.Value).Reverse());
    }

    [Fact]
    public async Task Concurrent_publishers_of_a_deleted_name_all_get_new_numbers()
    {
        using var shop = new Shop(_account);
        await shop.PublishAsync("iris");
        await shop.Registry.DeleteModelAsync(Iris);

        var published = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => shop.PublishAsync("iris", $"{i}")));

        Assert.Equal(Enumerable.Range(2, 10), published.Select(version => version.Version).Order());
        Assert.Equal(Enumerable.Range(2, 10), await shop.VersionsAsync("iris"));
    }

    [Fact]
    public async Task Publishing_deleting_and_moving_aliases_all_at_once_keeps_every_promise()
    {
        using var shop = new Shop(_account);
        await shop.PublishAsync("iris", "first");
        var published = new System.Collections.Concurrent.ConcurrentBag<int> { 1 };
        var deleted = new System.Collections.Concurrent.ConcurrentBag<int>();

        async Task Publish(int i) => published.Add((await shop.PublishAsync("iris", $"{i}")).Version);
        async Task Delete(int version)
        {
            try
            {
                await shop.Registry.DeleteVersionAsync(Iris, version);
                deleted.Add(version);
            }
            catch (Exception e) when (e is NotFoundException or ConflictException)
            {
                // Not published yet, or champion at this moment.
            }
        }

        async Task Promote(int version)
        {
            try
            {
                await shop.Registry.SetAliasAsync(Iris, "champion", version);
            }
            catch (NotFoundException)
            {
                // Not published yet, or deleted already.
            }
        }

        await Task.WhenAll(Enumerable.Range(2, 12).SelectMany(i => new[] { Publish(i), Delete(i / 2), Promote(i / 3) }));

        Assert.Equal(Enumerable.Range(1, 13), published.Order());
        Assert.Equal(deleted.Distinct().Count(), deleted.Count);
        var left = published.Except(deleted).Order().ToList();
        Assert.Equal(left, await shop.VersionsAsync("iris"));
        var model = await shop.Registry.GetAsync(Iris);
        Assert.Equal(left.Max(), model.LatestVersion);
        Assert.All(model.Aliases.Values, version => Assert.Contains(version, left));
    }

    [Fact]
    public async Task A_number_whose_publisher_died_is_counted_by_the_next()
    {
        using var dying = Dying();
        using var shop = new Shop(_account);
        await shop.PublishAsync("iris", "1");
        await Assert.ThrowsAsync<CrashPoint.DeadException>(() => dying.PublishAsync("iris", "2", new PublishRequest { Source = "upload", Actor = "ada" }));
        Assert.Equal([1], await shop.VersionsAsync("iris"));

        Assert.Equal(3, (await shop.PublishAsync("iris", "3")).Version);

        Assert.Equal([1, 2, 3], await shop.VersionsAsync("iris"));
        Assert.Equal("2", await shop.ContentAsync((await shop.Registry.GetVersionAsync(Iris, 2)).Sha256));
        Assert.Contains((await shop.Registry.GetAsync(Iris)).Audit, e => e is { What: "publish", To: 2, Who: "ada" });
    }

    [Fact]
    public async Task A_number_is_not_given_again_by_a_publisher_who_was_asleep_while_it_was_used_and_deleted()
    {
        using var shop = new Shop(_account);
        var store = new InterruptedDocumentStore(shop.Documents);
        using var sleeper = new Shop(_account, documents: _ => store);
        await shop.PublishAsync("iris", "1");
        store.BeforeNextVersionIsCreated(async () =>
        {
            await shop.PublishAsync("iris", "2");
            await shop.Registry.DeleteVersionAsync(Iris, 2);
        });

        var published = await sleeper.PublishAsync("iris", "late");

        Assert.Equal(3, published.Version);
        Assert.Equal([1, 3], await shop.VersionsAsync("iris"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Nor_when_the_whole_model_was_deleted_and_swept_meanwhile(bool purge)
    {
        using var shop = new Shop(_account);
        var store = new InterruptedDocumentStore(shop.Documents);
        using var sleeper = new Shop(_account, documents: _ => store);
        await shop.PublishAsync("iris", "1");
        store.BeforeNextVersionIsCreated(async () =>
        {
            await shop.PublishAsync("iris", "2");
            await shop.PublishAsync("iris", "3");
            await shop.Registry.DeleteModelAsync(Iris, purge: purge);
            await shop.Sweeper.RunAsync(DateTimeOffset.UtcNow);
        });

        var published = await sleeper.PublishAsync("iris", "late");

        Assert.Equal(4, published.Version);
        Assert.Equal([4], await shop.VersionsAsync("iris"));
        Assert.Equal("late", await shop.ContentAsync((await shop.Registry.GetVersionAsync(Iris, 4)).Sha256));
        Assert.Equal(5, (await shop.PublishAsync("iris", "5")).Version);
    }

    [Fact]
    public async Task Whoever_publishes_while_the_model_is_deleted_brings_it_back()
    {
        using var shop = new Shop(_account);
        var store = new InterruptedDocumentStore(shop.Documents);
        using var publisher = new Shop(_account, documents: _ => store);
        await shop.PublishAsync("iris", "1");
        store.BeforeNextModelIsReplaced(() => shop.Registry.DeleteModelAsync(Iris));

        var published = await publisher.PublishAsync("iris", "new");

        Assert.Equal(2, published.Version);
        Assert.Equal([2], await shop.VersionsAsync("iris"));
    }

    [Fact]
    public async Task A_version_that_nobody_was_told_of_does_not_bring_a_deleted_model_back()
    {
        using var shop = new Shop(_account);
        await shop.PublishAsync("iris", "1");

        // The publisher takes number 2 and crashes just when the model is being deleted and no server looks for new numbers any more.
        var store = new InterruptedDocumentStore(shop.Documents);
        using var deleter = new Shop(_account, documents: _ => store);
        store.BeforeNextModelIsReplaced(() => DieAsync("2"));
        await deleter.Registry.DeleteModelAsync(Iris);

        await shop.Sweeper.RunAsync(DateTimeOffset.UtcNow + TimeSpan.FromDays(2));

        await Assert.ThrowsAsync<NotFoundException>(() => shop.Registry.GetAsync(Iris));
        Assert.Equal(3, (await shop.PublishAsync("iris", "3")).Version);
        Assert.Equal([3], await shop.VersionsAsync("iris"));
    }

    [Fact]
    public async Task Nor_does_one_whose_publisher_crashed_after_the_deletion()
    {
        using var shop = new Shop(_account);
        await shop.PublishAsync("iris", "1");
        await shop.Registry.DeleteModelAsync(Iris);
        await DieAsync("2");

        await shop.Sweeper.RunAsync(DateTimeOffset.UtcNow + TimeSpan.FromDays(2));

        await Assert.ThrowsAsync<NotFoundException>(() => shop.Registry.GetAsync(Iris));
        Assert.Equal(3, (await shop.PublishAsync("iris", "3")).Version);
    }

    private async Task DieAsync(string content)
    {
        using var dying = Dying();
        await Assert.ThrowsAsync<CrashPoint.DeadException>(() => dying.PublishAsync("iris", content));
    }

    /// <summary>A host that crashes when it has created its version's document: its third storage call, after the artifact and the model.</summary>
    private Shop Dying()
    {
        var life = new CrashPoint(call: 3, afterwards: true);
        return new Shop(
            _account, documents: store => new CrashingDocumentStore(store, life), artifacts: store => new CrashingArtifactStore(store, life));
    }
}
