using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Tests.Testing;
using Larder.Testing;

namespace Larder.Registry.Tests.Models;

/// <summary>Models that are there before their first version, and aliases of which a version has one.</summary>
[Collection(AzuriteCollection.Name)]
public sealed class CreationTests(Azurite azurite) : IDisposable
{
    private static readonly ModelName Bread = ModelName.Parse("bread");

    private readonly Shop _shop = new(azurite.NewAccount());

    private ModelRegistry Registry => _shop.Registry;

    public void Dispose() => _shop.Dispose();

    [Fact]
    public async Task Of_many_who_create_a_model_one_does_and_publishers_beside_them_go_on()
    {
        using var other = new Shop(_shop.Account);
        var creating = Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
        {
            try
            {
                await (i % 2 == 0 ? Registry : other.Registry).CreateAsync(Bread, new ModelPatch { Description = $"{i}" });
                return 1;
            }
            catch (ConflictException)
            {
                return 0;
            }
        }));
        var publishing = Enumerable.Range(0, 4).Select(i => Task.Run(() => (i % 2 == 0 ? _shop : other).PublishAsync("bread", $"loaf {i}")));

        var created = Task.WhenAll(creating);
        await Task.WhenAll(publishing);

        // None, where a publisher was first.
        Assert.InRange((await created).Sum(), 0, 1);
        Assert.Equal([1, 2, 3, 4], await _shop.VersionsAsync("bread"));
        await Assert.ThrowsAsync<ConflictException>(() => Registry.CreateAsync(Bread, new ModelPatch()));
    }

    [Fact]
    public async Task A_model_that_is_created_under_the_name_of_a_deleted_one_takes_its_place_and_numbers_go_on()
    {
        await _shop.PublishAsync("bread");
        await Registry.DeleteModelAsync(Bread);

        var made = await Registry.CreateAsync(Bread, new ModelPatch { Description = "anew", Tags = new Dictionary<string, string?> { ["oven"] = "2" } }, "ada");

        Assert.Equal(("anew", "2", null, "create_model", "ada"), (made.Description, made.Tags["oven"], made.ServedVersion, made.Audit[0].What, made.Audit[0].Who));
        Assert.Empty(await _shop.VersionsAsync("bread"));
        Assert.Null(await Registry.NewestAsync(Bread, []));
        await Assert.ThrowsAsync<ConflictException>(() => Registry.RestoreModelAsync(Bread));
        await Assert.ThrowsAsync<NotFoundException>(() => Registry.ResolveAsync(new ModelReference(Bread)));
        Assert.Equal(2, (await _shop.PublishAsync("bread", "another")).Version);
        Assert.Equal("anew", (await Registry.GetAsync(Bread)).Description);
    }

    [Fact]
    public async Task A_version_has_one_alias_of_a_group_and_who_had_it_gets_another()
    {
        string[] group = ["a", "b", "old"];
        for (var i = 0; i < 3; i++)
            await _shop.PublishAsync("bread", $"{i}");
        await Registry.SetAliasAsync(Bread, "mine", 1);

        await Registry.SetGroupedAliasAsync(Bread, group, "a", null, 1);
        await Registry.SetGroupedAliasAsync(Bread, group, "b", null, 1);
        Assert.Equal("b=1 mine=1", Shown(await Registry.GetAsync(Bread)));
        var moved = await Registry.SetGroupedAliasAsync(Bread, group, "b", "old", 2, "ada");
        Assert.Equal("b=2 mine=1 old=1", Shown(moved));
        Assert.Equal([("set_alias", "b"), ("set_alias", "old")], moved.Audit.Take(2).Select(entry => (entry.What, entry.Alias!)));
        // The archived one comes back, and changes places with the other.
        Assert.Equal("b=1 mine=1 old=2", Shown(await Registry.SetGroupedAliasAsync(Bread, group, "b", "old", 1)));
        var same = await Registry.SetGroupedAliasAsync(Bread, group, "b", "old", 1);
        Assert.Equal((await Registry.GetAsync(Bread)).ETag, same.ETag);
        Assert.Equal("mine=1 old=2", Shown(await Registry.SetGroupedAliasAsync(Bread, group, null, null, 1)));
        await Assert.ThrowsAsync<NotFoundException>(() => Registry.SetGroupedAliasAsync(Bread, group, "a", null, 9));

        static string Shown(Model model) => string.Join(' ', model.Aliases.OrderBy(alias => alias.Key, StringComparer.Ordinal).Select(alias => $"{alias.Key}={alias.Value}"));
    }

    [Fact]
    public async Task Pages_of_versions_neither_repeat_nor_leave_out_what_was_there_while_others_publish_and_delete()
    {
        for (var i = 0; i < 12; i++)
            await _shop.PublishAsync(i % 2 == 0 ? "bread" : "rolls", $"{i}");
        var search = new ModelSearch(Registry);
        var seen = new List<string>();
        string? token = null;
        do
        {
            var page = await search.VersionsAsync(new RegistrySearch("version_number < 100", ["creation_timestamp DESC"], 5, token), _ => true);
            seen.AddRange(page.Items.Select(found => $"{found.Version.Model}:{found.Version.Version}"));
            token = page.Cursor;
            await _shop.PublishAsync("rolls", "later");
            if (seen.Count == 5)
                await Registry.DeleteVersionAsync(Bread, 6);
        }
        while (token is not null);

        Assert.Equal(12, seen.Distinct().Count());
        Assert.Equal(12, seen.Count);
        Assert.Empty((await search.VersionsAsync(new RegistrySearch(null, [], 5, null), model => model.Name == "cake")).Items);
    }
}
