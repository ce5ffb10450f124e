using Larder.Registry.Audit;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Larder.Registry.Tests.Testing;
using Larder.Testing;

namespace Larder.Registry.Tests.Models;

[Collection(AzuriteCollection.Name)]
public sealed class RestoreTests : IDisposable
{
    private static readonly ModelName Iris = ModelName.Parse("iris");

    private readonly string _account;
    private readonly Shop _shop;

    public RestoreTests(Azurite azurite)
    {
        _account = azurite.NewAccount();
        _shop = new Shop(_account);
    }

    private ModelRegistry Registry => _shop.Registry;

    // Shop can restore for a day.
    private static DateTimeOffset TooLate => DateTimeOffset.UtcNow + TimeSpan.FromDays(2);

    public void Dispose() => _shop.Dispose();

    [Fact]
    public async Task A_deleted_model_is_restored_as_it_was()
    {
        await PublishAsync(3);
        await Registry.UpdateAsync(Iris, new ModelPatch { Description = "petals", Tags = new Dictionary<string, string?> { ["team"] = "botany" } });
        await Registry.SetAliasAsync(Iris, "champion", 2);
        await Registry.DeleteVersionAsync(Iris, 1);
        var before = await Registry.GetAsync(Iris);
        await Registry.DeleteModelAsync(Iris, force: true, actor: "ada");
        await _shop.Sweeper.RunAsync(DateTimeOffset.UtcNow);

        var listed = Assert.Single((await Registry.ListAsync(10, deleted: true)).Items);
        Assert.Equal(("iris", "ada"), (listed.Name, listed.Deletion!.Who));
        await Assert.ThrowsAsync<NotFoundException>(() => Registry.ResolveAsync(ModelReference.Parse("iris:champion")));
        await Assert.ThrowsAsync<NotFoundException>(() => Registry.UpdateAsync(Iris, new ModelPatch { Description = "x" }));

        var restored = await Registry.RestoreModelAsync(Iris, "bob");

        Assert.Equal(("petals", "botany", 2, 3), (restored.Description, restored.Tags["team"], restored.Aliases["champion"], restored.LatestVersion));
        Assert.Equal(before.DeletedVersions.Keys, restored.DeletedVersions.Keys);
        Assert.Equal([2, 3], await _shop.VersionsAsync("iris"));
        Assert.Equal("2", await _shop.ContentAsync((await Registry.GetVersionAsync(Iris, 2)).Sha256));
        Assert.Empty((await Registry.ListAsync(10, deleted: true)).Items);
        var record = (await _shop.History.ListAsync(new AuditFilter { Subject = AuditSubject.Parse("model:iris") }, 1)).Items[0];
        Assert.Equal(("restore_model", "bob"), (record.What, record.Who));
        Assert.Equal(4, (await _shop.PublishAsync("iris")).Version);
    }

    [Fact]
    public async Task A_name_that_was_published_anew_cannot_be_restored()
    {
        await PublishAsync(2);
        await Registry.DeleteModelAsync(Iris);
        Assert.Equal(3, (await _shop.PublishAsync("iris", "new")).Version);

        var refused = await Assert.ThrowsAsync<ConflictException>(() => Registry.RestoreModelAsync(Iris));

        Assert.Contains("uploaded anew", refused.Message);
        await Assert.ThrowsAsync<NotFoundException>(() => Registry.RestoreVersionAsync(Iris, 2));
        Assert.Equal([3], await _shop.VersionsAsync("iris"));
    }

    [Fact]
    public async Task After_the_retention_what_was_deleted_is_purged_with_its_bytes()
    {
        await PublishAsync(2);
        await _shop.PublishAsync("rose", "rose");
        await Registry.DeleteVersionAsync(Iris, 1);
        await Registry.DeleteModelAsync(ModelName.Parse("rose"));
        await _shop.Sweeper.RunAsync(DateTimeOffset.UtcNow + TimeSpan.FromHours(23));
        Assert.Equal(3, (await _shop.ArtifactsAsync()).Count);

        await _shop.Sweeper.RunAsync(TooLate);

        Assert.Equal([Shop.Sha256("2")], (await _shop.ArtifactsAsync()).Select(artifact => artifact.Sha256));
        await Assert.ThrowsAsync<NotFoundException>(() => Registry.RestoreVersionAsync(Iris, 1));
        await Assert.ThrowsAsync<NotFoundException>(() => Registry.RestoreModelAsync(ModelName.Parse("rose")));
        Assert.Empty((await Registry.ListAsync(10, deleted: true)).Items);
        Assert.Equal((3, 2), ((await _shop.PublishAsync("iris", "3")).Version, (await _shop.PublishAsync("rose", "again")).Version));
    }

    [Fact]
    public async Task A_purge_is_final_also_of_what_is_deleted_already()
    {
        await PublishAsync(3);
        await _shop.PublishAsync("rose", "rose");
        await Registry.DeleteVersionAsync(Iris, 3, purge: true);
        await Registry.DeleteVersionAsync(Iris, 2);
        await Registry.DeleteVersionAsync(Iris, 2, purge: true, actor: "ada");
        await Registry.DeleteModelAsync(ModelName.Parse("rose"));
        await Registry.DeleteModelAsync(ModelName.Parse("rose"), purge: true, actor: "ada");

        foreach (var version in new[] { 2, 3 })
            await Assert.ThrowsAsync<NotFoundException>(() => Registry.RestoreVersionAsync(Iris, version));
        await Assert.ThrowsAsync<NotFoundException>(() => Registry.RestoreModelAsync(ModelName.Parse("rose")));
        await Assert.ThrowsAsync<NotFoundException>(() => Registry.DeleteModelAsync(ModelName.Parse("rose"), purge: true));
        Assert.Equal([1], await _shop.VersionsAsync("iris"));
        foreach (var subject in new[] { "model:iris:2", "model:rose" })
        {
            var record = (await _shop.History.ListAsync(new AuditFilter { Subject = AuditSubject.Parse(subject) }, 1)).Items[0];
            Assert.Equal(("ada", """{"purged":true}"""), (record.Who, record.After!.Value.GetRawText()));
        }

        await _shop.Sweeper.RunAsync(DateTimeOffset.UtcNow + TimeSpan.FromHours(25));
        Assert.Equal([Shop.Sha256("1")], (await _shop.ArtifactsAsync()).Select(artifact => artifact.Sha256));
    }

    [Fact]
    public async Task A_version_is_restored_and_the_default_follows_it_again_but_no_alias()
    {
        await PublishAsync(3);
        await Registry.SetAliasAsync(Iris, "champion", 3);
        await Registry.DeleteVersionAsync(Iris, 3, force: true, actor: "ada");
        Assert.Equal("ada", (await Registry.GetAsync(Iris)).DeletedVersions[3].Who);
        await Registry.DeleteVersionAsync(Iris, 1);

        Assert.Equal(2, (await Registry.RestoreVersionAsync(Iris, 1)).ServedVersion);
        var restored = await Registry.RestoreVersionAsync(Iris, 3, actor: "bob");

        Assert.Equal(3, restored.ServedVersion);
        Assert.Empty(restored.Aliases);
        Assert.Empty(restored.DeletedVersions);
        Assert.Equal([1, 2, 3], await _shop.VersionsAsync("iris"));
        await Assert.ThrowsAsync<ConflictException>(() => Registry.RestoreVersionAsync(Iris, 3));
        await Assert.ThrowsAsync<NotFoundException>(() => Registry.RestoreVersionAsync(Iris, 4));
        Assert.Contains(restored.Audit, entry => entry is { What: "restore_version", To: 3, Who: "bob" });
    }

    [Fact]
    public async Task A_publisher_that_crashed_changes_nothing_of_what_can_be_restored()
    {
        var request = new PublishRequest { Source = "train", IdempotencyKey = "key" };
        await PublishAsync(1);
        await Registry.DeleteModelAsync(Iris);
        for (var call = 1; await _shop.Documents.GetAsync(ModelCollections.Versions, "iris", ModelCollections.VersionId(2)) is null; call++)
        {
            var life = new CrashPoint(call, afterwards: true);
            using var dying = new Shop(_account, documents: store => new CrashingDocumentStore(store, life));
            await Assert.ThrowsAsync<CrashPoint.DeadException>(() => dying.PublishAsync("iris", "lost", request));
        }

        // The collection uses its number up.
        using var longer = new Shop(_account, retentionDays: 30);
        await longer.Sweeper.RunAsync(TooLate);
        await Registry.RestoreModelAsync(Iris);

        Assert.Equal([1], await _shop.VersionsAsync("iris"));
        Assert.Equal(3, (await _shop.PublishAsync("iris", "lost", request)).Version);
        Assert.Equal(3, (await _shop.PublishAsync("iris", "lost", request)).Version);
        Assert.Equal([1, 3], await _shop.VersionsAsync("iris"));
    }

    [Fact]
    public async Task Restoring_and_publishing_at_the_same_time_lose_nothing()
    {
        for (var round = 0; round < 8; round++)
        {
            var name = $"iris-{round}";
            using var other = new Shop(_account);
            await _shop.PublishAsync(name, "1");
            await Registry.DeleteModelAsync(ModelName.Parse(name));

            var publishing = other.PublishAsync(name, "new");
            var restored = await RestoredAsync(name);
            var published = (await publishing).Version;

            // A new model, or a version more of the old one.
            Assert.Equal(restored ? [1, published] : [published], await _shop.VersionsAsync(name));
            Assert.Equal(2, published);
            Assert.Equal(published, (await Registry.GetAsync(ModelName.Parse(name))).ServedVersion);
        }

        async Task<bool> RestoredAsync(string name)
        {
            try
            {
                await Registry.RestoreModelAsync(ModelName.Parse(name));
                return true;
            }
            catch (ConflictException)
            {
                return false;
            }
        }
    }

    [Fact]
    public async Task A_key_of_a_model_that_can_be_restored_is_not_published_again()
    {
        var request = new PublishRequest { Source = "train", IdempotencyKey = "key" };
        await _shop.PublishAsync("iris", "1", request);
        await Registry.DeleteModelAsync(Iris);

        await Assert.ThrowsAsync<ConflictException>(() => _shop.PublishAsync("iris", "1", request));

        await Registry.RestoreModelAsync(Iris);
        Assert.Equal(1, (await _shop.PublishAsync("iris", "1", request)).Version);
    }

    private async Task PublishAsync(int count)
    {
        for (var i = 1; i <= count; i++)
            await _shop.PublishAsync("iris", $"{i}");
    }
}
