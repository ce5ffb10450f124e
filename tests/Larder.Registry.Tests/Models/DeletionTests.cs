using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Larder.Registry.Tests.Testing;
using Larder.Testing;

namespace Larder.Registry.Tests.Models;

[Collection(AzuriteCollection.Name)]
public sealed class DeletionTests(Azurite azurite) : IDisposable
{
    private static readonly ModelName Iris = ModelName.Parse("iris");

    private readonly Shop _shop = new(azurite.NewAccount());

    private ModelRegistry Registry => _shop.Registry;

    public void Dispose() => _shop.Dispose();

    [Fact]
    public async Task A_deleted_version_is_gone_from_everywhere_and_its_number_is_never_given_again()
    {
        await PublishAsync(3);
        await Registry.DeleteVersionAsync(Iris, 3);

        Assert.Equal([1, 2], await _shop.VersionsAsync("iris"));
        await Assert.ThrowsAsync<NotFoundException>(() => Registry.GetVersionAsync(Iris, 3));
        await Assert.ThrowsAsync<NotFoundException>(() => Registry.SetAliasAsync(Iris, "champion", 3));
        await Assert.ThrowsAsync<NotFoundException>(() => Registry.DeleteVersionAsync(Iris, 3));
        Assert.Equal(4, (await _shop.PublishAsync("iris")).Version);
        Assert.Equal([1, 2, 4], await _shop.VersionsAsync("iris"));
    }

    [Fact]
    public async Task A_version_that_an_alias_points_at_is_not_deleted_unless_forced()
    {
        await PublishAsync(2);
        await Registry.SetAliasAsync(Iris, "staging", 1);
        await Registry.SetAliasAsync(Iris, "champion", 1);
        await Registry.SetAliasAsync(Iris, "other", 2);

        var refused = await Assert.ThrowsAsync<ConflictException>(() => Registry.DeleteVersionAsync(Iris, 1));
        Assert.Contains("champion, staging", refused.Message);
        Assert.Equal([1, 2], await _shop.VersionsAsync("iris"));

        var deleted = await Registry.DeleteVersionAsync(Iris, 1, force: true, actor: "ada");
        Assert.Equal(["champion", "staging"], deleted.RemovedAliases);
        Assert.Equal(["other"], deleted.Model.Aliases.Keys);
        Assert.Contains(deleted.Model.Audit, e => e is { What: "delete_alias", Alias: "staging", From: 1, Who: "ada" });
        Assert.Contains(deleted.Model.Audit, e => e is { What: "delete_version", From: 1, Who: "ada" });
        Assert.Equal(deleted.Model.ETag, (await Registry.GetAsync(Iris)).ETag);
    }

    [Fact]
    public async Task Deleting_the_default_falls_back_to_the_newest_and_says_so()
    {
        await PublishAsync(3);
        await Registry.SetDefaultAsync(Iris, 1);
        var refused = await Assert.ThrowsAsync<ConflictException>(() => Registry.DeleteVersionAsync(Iris, 1));
        Assert.Contains("Version 1 of iris is what default points at", refused.Message);

        var deleted = await Registry.DeleteVersionAsync(Iris, 1, force: true);

        Assert.Equal((1, 3), (deleted.PreviousDefault, deleted.CurrentDefault));
        Assert.Null(deleted.Model.DefaultVersion);
        Assert.Contains(deleted.Model.Audit, e => e is { What: "set_default", From: 1, To: 3 });
    }

    [Fact]
    public async Task The_default_is_deleted_by_that_name_whatever_it_is_then()
    {
        await PublishAsync(3);
        await Registry.SetDefaultAsync(Iris, 1);

        var pinned = await Registry.DeleteVersionAsync(Iris, version: null);
        var newest = await Registry.DeleteVersionAsync(Iris, version: null);
        await Registry.SetAliasAsync(Iris, "champion", 2);

        Assert.Equal((1, 3), (pinned.Version, newest.Version));
        Assert.Null(pinned.Model.DefaultVersion);
        await Assert.ThrowsAsync<ConflictException>(() => Registry.DeleteVersionAsync(Iris, version: null));
        Assert.Equal([2], await _shop.VersionsAsync("iris"));
    }

    [Fact]
    public async Task Deleting_the_newest_lets_the_default_follow_the_next_newest_that_is_left()
    {
        await PublishAsync(5);
        await Registry.DeleteVersionAsync(Iris, 3);
        await Registry.DeleteVersionAsync(Iris, 4);

        var deleted = await Registry.DeleteVersionAsync(Iris, 5);

        Assert.Equal((5, 2), (deleted.PreviousDefault, deleted.CurrentDefault));
        Assert.Equal(2, deleted.Model.LatestVersion);
        Assert.Contains(deleted.Model.Audit, e => e is { What: "set_default", From: 5, To: 2 });
    }

    [Fact]
    public async Task A_model_whose_versions_are_all_deleted_serves_nothing_and_counts_on()
    {
        await PublishAsync(2);
        await Registry.DeleteVersionAsync(Iris, 2);
        var last = await Registry.DeleteVersionAsync(Iris, 1);

        Assert.Equal((1, null), (last.PreviousDefault, last.CurrentDefault));
        Assert.Empty(await _shop.VersionsAsync("iris"));
        var thrown = await Assert.ThrowsAsync<NotFoundException>(() => Registry.ResolveAsync(ModelReference.Parse("iris")));
        Assert.Equal("The model iris has no version that is ready.", thrown.Message);
        Assert.Equal(3, (await _shop.PublishAsync("iris")).Version);
        Assert.Equal(3, (await Registry.GetAsync(Iris)).ServedVersion);
    }

    [Fact]
    public async Task A_deleted_model_is_gone_and_published_anew_it_counts_on_without_its_old_versions()
    {
        await _shop.PublishAsync("iris", "1", new PublishRequest { Source = "upload", ModelDescription = "old", Owner = "ada" });
        await PublishAsync(2);
        await Registry.SetDefaultAsync(Iris, 1);

        await Registry.DeleteModelAsync(Iris, actor: "ada");

        await Assert.ThrowsAsync<NotFoundException>(() => Registry.GetAsync(Iris));
        await Assert.ThrowsAsync<NotFoundException>(() => Registry.GetVersionAsync(Iris, 1));
        await Assert.ThrowsAsync<NotFoundException>(() => Registry.DeleteModelAsync(Iris));
        Assert.Empty((await Registry.ListAsync(10)).Items);

        Assert.Equal(4, (await _shop.PublishAsync("iris")).Version);
        Assert.Equal([4], await _shop.VersionsAsync("iris"));
        var model = await Registry.GetAsync(Iris);
        Assert.Equal(("", null, null, 4), (model.Description, model.Owner, model.DefaultVersion, model.LatestVersion));
        Assert.Contains(model.Audit, e => e is { What: "delete_model", Who: "ada" });
        await Assert.ThrowsAsync<NotFoundException>(() => Registry.GetVersionAsync(Iris, 2));

        await Registry.DeleteVersionAsync(Iris, 4);
        Assert.Null((await Registry.GetAsync(Iris)).LatestVersion);
    }

    [Fact]
    public async Task A_model_with_aliases_is_not_deleted_unless_forced()
    {
        await PublishAsync(1);
        await Registry.SetAliasAsync(Iris, "champion", 1);

        await Assert.ThrowsAsync<ConflictException>(() => Registry.DeleteModelAsync(Iris));
        Assert.Equal(1, (await Registry.GetAsync(Iris)).LatestVersion);

        await Registry.DeleteModelAsync(Iris, force: true);
        await Assert.ThrowsAsync<NotFoundException>(() => Registry.GetAsync(Iris));
    }

    [Fact]
    public async Task A_set_default_does_not_keep_a_model_from_being_deleted()
    {
        await PublishAsync(1);
        await Registry.SetDefaultAsync(Iris, 1);
        await Registry.DeleteModelAsync(Iris);
        await Assert.ThrowsAsync<NotFoundException>(() => Registry.GetAsync(Iris));
    }

    [Fact]
    public async Task An_alias_never_ends_up_on_a_version_that_is_deleted_at_the_same_time()
    {
        await PublishAsync(12);
        for (var version = 1; version <= 12; version++)
        {
            var (set, delete) = (Try(() => Registry.SetAliasAsync(Iris, "champion", version)), Try(() => Registry.DeleteVersionAsync(Iris, version)));
            var outcome = (Set: await set, Deleted: await delete);

            // Whichever came first, the other was told.
            Assert.True(outcome is (Set: true, Deleted: false) or (Set: false, Deleted: true), $"{outcome}");
            var model = await Registry.GetAsync(Iris);
            Assert.Equal(outcome.Set, model.Aliases.TryGetValue("champion", out var target) && target == version);
            if (outcome.Set)
                await Registry.DeleteAliasAsync(Iris, "champion");
        }

        static async Task<bool> Try(Func<Task> act)
        {
            try
            {
                await act();
                return true;
            }
            catch (Exception e) when (e is ConflictException or NotFoundException)
            {
                return false;
            }
        }
    }

    private async Task PublishAsync(int count)
    {
        for (var i = 0; i < count; i++)
            await _shop.PublishAsync("iris", $"{i}");
    }
}
