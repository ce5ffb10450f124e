using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Larder.Registry.Tests.Testing;
using Larder.Testing;

namespace Larder.Registry.Tests.Models;

/// <summary>Publishing under a key: one version, whatever crashes and whichever publishers race.</summary>
[Collection(AzuriteCollection.Name)]
public sealed class OnceTests(Azurite azurite) : IDisposable
{
    private static readonly ModelName Iris = ModelName.Parse("iris");
    // Far more than publishing needs; the last round is the one that survives.
    private const int MostCalls = 60;

    private readonly Shop _shop = new(azurite.NewAccount());

    private static PublishRequest Request => new() { Source = "train", Job = "7zzr2x0k9ab3cdef", IdempotencyKey = "7zzr2x0k9ab3cdef:model", Description = "ours" };

    public void Dispose() => _shop.Dispose();

    [Fact]
    public async Task The_same_key_again_answers_the_same_version()
    {
        await _shop.PublishAsync("iris", "before");
        Assert.Null(await _shop.Registry.FindByKeyAsync(Iris, Request.IdempotencyKey!));
        var first = await _shop.PublishAsync("iris", "1", Request);
        await _shop.PublishAsync("iris", "between");

        var again = await _shop.PublishAsync("iris", "other bytes", Request);

        Assert.Equal((2, 2), (first.Version, again.Version));
        Assert.Equal(Shop.Sha256("1"), again.Sha256);
        Assert.Equal([1, 2, 3], await _shop.VersionsAsync("iris"));
        Assert.Equal(2, (await _shop.Registry.FindByKeyAsync(Iris, Request.IdempotencyKey!))!.Version.Version);
    }

    [Fact]
    public async Task Other_keys_and_the_same_key_of_another_model_are_other_versions()
    {
        await _shop.PublishAsync("iris", "1", Request);

        Assert.Equal(2, (await _shop.PublishAsync("iris", "1", Request with { IdempotencyKey = "7zzr2x0k9ab3cdef:optimized" })).Version);
        Assert.Equal(1, (await _shop.PublishAsync("rose", "1", Request)).Version);
        Assert.Equal(3, (await _shop.PublishAsync("iris", "1")).Version);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_publisher_who_dies_at_any_storage_call_and_comes_again_makes_one_version(bool afterwards)
    {
        for (var call = 1; call <= MostCalls; call++)
        {
            var life = await DieAndComeAgainAsync(call, afterwards, between: _ => Task.CompletedTask);
            if (!life.IsCrashed)
                return;
        }

        Assert.Fail($"Publishing makes more than {MostCalls} storage calls.");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Also_when_others_publish_before_it_comes_again(bool afterwards)
    {
        for (var call = 1; call <= MostCalls; call++)
        {
            var life = await DieAndComeAgainAsync(call, afterwards, async host =>
            {
                await host.PublishAsync("iris", "other 1");
                await host.PublishAsync("iris", "other 2", new PublishRequest { Source = "train", IdempotencyKey = "another" });
            });
            if (!life.IsCrashed)
                return;
        }

        Assert.Fail($"Publishing makes more than {MostCalls} storage calls.");
    }

    [Fact]
    public async Task Many_with_the_same_key_at_once_make_one_version_among_others()
    {
        using var two = new Shop(_shop.Account);
        var same = Enumerable.Range(0, 8).Select(i => (i % 2 == 0 ? _shop : two).PublishAsync("iris", "ours", Request));
        var others = Enumerable.Range(0, 8).Select(i => (i % 2 == 0 ? two : _shop).PublishAsync("iris", $"other {i}"));

        var published = await Task.WhenAll(same.Concat(others));

        Assert.Single(published.Take(8).Select(version => version.Version).Distinct());
        Assert.Equal(Enumerable.Range(1, 9), published.Select(version => version.Version).Distinct().Order());
        Assert.Equal(Enumerable.Range(1, 9), await _shop.VersionsAsync("iris"));
    }

    /// <summary>Hosts that crash at random calls, all at once, retry until they are told of their version.</summary>
    [Fact]
    public async Task Hosts_that_go_on_dying_publish_each_of_their_keys_once()
    {
        var random = new Random(11);
        var told = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => PublishUntilToldAsync($"key {i % 6}", random.Next())));

        foreach (var key in told.GroupBy(version => version.Description))
            Assert.Single(key.Select(version => version.Version).Distinct());
        var versions = (await _shop.Registry.ListVersionsAsync(Iris, 100)).Items;
        Assert.Equal(Enumerable.Range(1, 6), versions.Select(version => version.Version));
        Assert.Equal(Enumerable.Range(0, 6).Select(i => $"key {i}"), versions.Select(version => version.Description).Order());
    }

    [Fact]
    public async Task What_was_deleted_is_not_published_again()
    {
        await _shop.PublishAsync("iris", "1", Request);
        await _shop.PublishAsync("iris", "2");
        await _shop.Registry.DeleteVersionAsync(Iris, 1);

        var refused = await Assert.ThrowsAsync<ConflictException>(() => _shop.PublishAsync("iris", "1", Request));

        Assert.Contains("version 1 of iris", refused.Message);
        Assert.Equal([2], await _shop.VersionsAsync("iris"));
    }

    [Fact]
    public async Task After_the_whole_model_was_deleted_and_swept_the_key_makes_one_new_version()
    {
        await _shop.PublishAsync("iris", "1", Request);
        await _shop.Registry.DeleteModelAsync(Iris);
        await _shop.Sweeper.RunAsync(DateTimeOffset.UtcNow + TimeSpan.FromDays(2));

        Assert.Equal(2, (await _shop.PublishAsync("iris", "1", Request)).Version);
        Assert.Equal(2, (await _shop.PublishAsync("iris", "1", Request)).Version);
        Assert.Equal([2], await _shop.VersionsAsync("iris"));
    }

    [Fact]
    public async Task Publishing_again_does_not_undo_what_was_changed_of_the_model_since()
    {
        var request = Request with { ModelDescription = "by the job" };
        await _shop.PublishAsync("iris", "1", request);
        await _shop.Registry.UpdateAsync(Iris, new ModelPatch { Description = "by hand" });

        await _shop.PublishAsync("iris", "1", request);

        Assert.Equal("by hand", (await _shop.Registry.GetAsync(Iris)).Description);
    }

    [Fact]
    public async Task Looking_for_a_key_costs_a_read_for_each_version_since_and_no_more()
    {
        for (var i = 0; i < 5; i++)
            await _shop.PublishAsync("iris", $"{i}");
        await _shop.PublishAsync("iris", "ours", Request);
        for (var i = 0; i < 5; i++)
            await _shop.PublishAsync("iris", $"later {i}");
        var life = new CrashPoint(int.MaxValue, afterwards: false);
        using var counted = new Shop(_shop.Account, documents: store => new CrashingDocumentStore(store, life));

        Assert.Equal(6, (await counted.Registry.FindByKeyAsync(Iris, Request.IdempotencyKey!))!.Version.Version);

        // The claim, the model, and the first version after the claim.
        Assert.Equal(3, life.Calls);
    }

    [Fact]
    public async Task What_the_job_says_of_its_version_is_kept()
    {
        await _shop.PublishAsync("iris", "1", Request with { Metrics = new Dictionary<string, double> { ["accuracy"] = 0.9 } });

        var version = await _shop.Registry.GetVersionAsync(Iris, 1);

        Assert.Equal(("7zzr2x0k9ab3cdef", "model", 0.9), (version.Job, version.Kind, version.Metrics["accuracy"]));
    }

    [Theory]
    [InlineData("kind")]
    [InlineData("metric")]
    [InlineData("key")]
    public async Task What_makes_no_sense_is_refused_before_anything_is_stored(string what)
    {
        var request = what switch
        {
            "kind" => Request with { Kind = "compiled" },
            "metric" => Request with { Metrics = new Dictionary<string, double> { ["loss"] = double.NaN } },
            _ => Request with { IdempotencyKey = "" },
        };

        await Assert.ThrowsAsync<InvalidRequestException>(() => _shop.PublishAsync("iris", "1", request));

        Assert.Empty(await _shop.ArtifactsAsync());
    }

    [Fact]
    public async Task Links_go_both_ways_and_linking_again_changes_nothing()
    {
        await _shop.PublishAsync("iris", "1");
        await _shop.PublishAsync("iris", "2");
        var changed = new List<ModelName>();
        _shop.Registry.Changed += changed.Add;

        for (var i = 0; i < 2; i++)
        {
            await _shop.Registry.LinkOptimizedAsync(Iris, 1, 2);
            var (from, to) = (await _shop.Registry.GetVersionAsync(Iris, 1), await _shop.Registry.GetVersionAsync(Iris, 2));
            Assert.Equal(("model", 2, null), (from.Kind, from.OptimizedTo, from.OptimizedFrom));
            Assert.Equal(("optimized", 1, null), (to.Kind, to.OptimizedFrom, to.OptimizedTo));
        }

        Assert.Contains(Iris, changed);
        await _shop.Registry.DeleteVersionAsync(Iris, 2);
        await Assert.ThrowsAsync<NotFoundException>(() => _shop.Registry.LinkOptimizedAsync(Iris, 1, 2));
        await Assert.ThrowsAsync<NotFoundException>(() => _shop.Registry.LinkOptimizedAsync(ModelName.Parse("rose"), 1, 2));
    }

    private async Task<CrashPoint> DieAndComeAgainAsync(int call, bool afterwards, Func<Shop, Task> between)
    {
        using var host = new Shop(azurite.NewAccount());
        await host.PublishAsync("iris", "before");
        var life = new CrashPoint(call, afterwards);
        using (var dying = Dying(host.Account, life))
        {
            try
            {
                await dying.PublishAsync("iris", "ours", Request);
            }
            catch (CrashPoint.DeadException)
            {
                Assert.True(life.IsCrashed);
            }
        }

        await between(host);
        var told = await host.PublishAsync("iris", "ours", Request);
        var next = await host.PublishAsync("iris", "next");

        var versions = (await host.Registry.ListVersionsAsync(Iris, 100)).Items;
        Assert.Equal(Enumerable.Range(1, next.Version), versions.Select(version => version.Version));
        Assert.Equal(told.Version, Assert.Single(versions, version => version.Description == "ours").Version);
        Assert.Equal("ours", await host.ContentAsync(told.Sha256));
        return life;
    }

    private async Task<ModelVersion> PublishUntilToldAsync(string key, int seed)
    {
        var random = new Random(seed);
        while (true)
        {
            using var host = Dying(_shop.Account, new CrashPoint(random.Next(1, 30), random.Next(2) == 0));
            try
            {
                return await host.PublishAsync("iris", key, Request with { IdempotencyKey = key, Description = key });
            }
            catch (CrashPoint.DeadException)
            {
                // Another host takes its place.
            }
        }
    }

    private static Shop Dying(string account, CrashPoint life) => new(
        account, documents: store => new CrashingDocumentStore(store, life), artifacts: store => new CrashingArtifactStore(store, life));
}
