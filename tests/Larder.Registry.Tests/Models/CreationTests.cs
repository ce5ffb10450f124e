using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Storage;
using Larder.Registry.Storage.Blobs;
using Larder.Registry.Storage.Cosmos;
using Larder.Registry.Tests.Storage.Cosmos;
using Larder.Registry.Tests.Testing;
using Larder.Testing;

namespace Larder.Registry.Tests.Models;

/// <summary>Models on blobs.</summary>
[Collection(AzuriteCollection.Name)]
public sealed class BlobCreationTests(Azurite azurite) : CreationTests(azurite)
{
    protected override Task<IDocumentStore> OpenAsync() => Task.FromResult<IDocumentStore>(new BlobDocumentStore(BlobClients.Create(Account)));
}

/// <summary>Models on Cosmos DB.</summary>
[Collection(CosmosCollection.Name)]
public sealed class CosmosCreationTests(CosmosServer server, Azurite azurite) : CreationTests(azurite), IClassFixture<Azurite>
{
    private readonly CosmosHosts _hosts = new(server);
    private readonly string _database = server.NewDatabase();

    protected override async Task<IDocumentStore> OpenAsync()
    {
        var options = _hosts.Options(_database);
        await new CosmosContainers(_hosts.Client(options), options).PrepareAsync();
        return await _hosts.OpenAsync(options);
    }

    public override void Dispose()
    {
        base.Dispose();
        _hosts.Dispose();
    }
}

/// <summary>Models that are there before their first version, aliases of which a version has one, and searches, whichever store has them.</summary>
public abstract class CreationTests(Azurite azurite) : IDisposable
{
    private static readonly ModelName Bread = ModelName.Parse("bread");

    private readonly List<Shop> _shops = [];

    protected string Account { get; } = azurite.NewAccount();

    protected abstract Task<IDocumentStore> OpenAsync();

    public virtual void Dispose()
    {
        foreach (var shop in _shops)
            shop.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Of_many_who_create_a_model_one_does_and_publishers_beside_them_go_on()
    {
        var (shop, other) = (await OpenShopAsync(), await OpenShopAsync());
        var creating = Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
        {
            try
            {
                await (i % 2 == 0 ? shop : other).Registry.CreateAsync(Bread, new ModelPatch { Description = $"{i}" });
                return 1;
            }
            catch (ConflictException)
            {
                return 0;
            }
        }));
        var publishing = Enumerable.Range(0, 4).Select(i => Task.Run(() => (i % 2 == 0 ? shop : other).PublishAsync("bread", $"loaf {i}")));

        var created = Task.WhenAll(creating);
        await Task.WhenAll(publishing);

        // None, where a publisher was first.
        Assert.InRange((await created).Sum(), 0, 1);
        Assert.Equal([1, 2, 3, 4], await shop.VersionsAsync("bread"));
        await Assert.ThrowsAsync<ConflictException>(() => shop.Registry.CreateAsync(Bread, new ModelPatch()));
    }

    [Fact]
    public async Task A_model_that_is_created_under_the_name_of_a_deleted_one_takes_its_place_and_numbers_go_on()
    {
        var shop = await OpenShopAsync();
        await shop.PublishAsync("bread");
        await shop.Registry.DeleteModelAsync(Bread);

        var made = await shop.Registry.CreateAsync(Bread, new ModelPatch { Description = "anew", Tags = new Dictionary<string, string?> { ["oven"] = "2" } }, "ada");

        Assert.Equal(("anew", "2", null, "create_model", "ada"), (made.Description, made.Tags["oven"], made.ServedVersion, made.Audit[0].What, made.Audit[0].Who));
        Assert.Empty(await shop.VersionsAsync("bread"));
        Assert.Null(await shop.Registry.NewestAsync(Bread, []));
        await Assert.ThrowsAsync<ConflictException>(() => shop.Registry.RestoreModelAsync(Bread));
        await Assert.ThrowsAsync<NotFoundException>(() => shop.Registry.ResolveAsync(new ModelReference(Bread)));
        Assert.Equal(2, (await shop.PublishAsync("bread", "another")).Version);
        Assert.Equal("anew", (await shop.Registry.GetAsync(Bread)).Description);
    }

    [Fact]
    public async Task A_version_has_one_alias_of_a_group_and_who_had_it_gets_another()
    {
        var shop = await OpenShopAsync();
        string[] group = ["a", "b", "old"];
        for (var i = 0; i < 3; i++)
            await shop.PublishAsync("bread", $"{i}");
        await shop.Registry.SetAliasAsync(Bread, "mine", 1);

        await shop.Registry.SetGroupedAliasAsync(Bread, group, "a", null, 1);
        await shop.Registry.SetGroupedAliasAsync(Bread, group, "b", null, 1);
        Assert.Equal("b=1 mine=1", Shown(await shop.Registry.GetAsync(Bread)));
        var moved = await shop.Registry.SetGroupedAliasAsync(Bread, group, "b", "old", 2, "ada");
        Assert.Equal("b=2 mine=1 old=1", Shown(moved));
        Assert.Equal([("set_alias", "b"), ("set_alias", "old")], moved.Audit.Take(2).Select(entry => (entry.What, entry.Alias!)));
        // The archived one comes back, and changes places with the other.
        Assert.Equal("b=1 mine=1 old=2", Shown(await shop.Registry.SetGroupedAliasAsync(Bread, group, "b", "old", 1)));
        var same = await shop.Registry.SetGroupedAliasAsync(Bread, group, "b", "old", 1);
        Assert.Equal((await shop.Registry.GetAsync(Bread)).ETag, same.ETag);
        Assert.Equal("mine=1 old=2", Shown(await shop.Registry.SetGroupedAliasAsync(Bread, group, null, null, 1)));
        await Assert.ThrowsAsync<NotFoundException>(() => shop.Registry.SetGroupedAliasAsync(Bread, group, "a", null, 9));

        static string Shown(Model model) => string.Join(' ', model.Aliases.OrderBy(alias => alias.Key, StringComparer.Ordinal).Select(alias => $"{alias.Key}={alias.Value}"));
    }

    [Fact]
    public async Task Pages_of_versions_neither_repeat_nor_leave_out_what_was_there_while_others_publish_and_delete()
    {
        var shop = await OpenShopAsync();
        for (var i = 0; i < 12; i++)
            await shop.PublishAsync(i % 2 == 0 ? "bread" : "rolls", $"{i}");
        var search = new ModelSearch(shop.Registry);
        var seen = new List<string>();
        string? token = null;
        do
        {
            var page = await search.VersionsAsync(new RegistrySearch("version_number < 100", ["creation_timestamp DESC"], 5, token), _ => true);
            seen.AddRange(page.Items.Select(found => $"{found.Version.Model}:{found.Version.Version}"));
            token = page.Cursor;
            await shop.PublishAsync("rolls", "later");
            if (seen.Count == 5)
                await shop.Registry.DeleteVersionAsync(Bread, 6);
        }
        while (token is not null);

        Assert.Equal(12, seen.Distinct().Count());
        Assert.Equal(12, seen.Count);
        Assert.Empty((await search.VersionsAsync(new RegistrySearch(null, [], 5, null), model => model.Name == "cake")).Items);
    }

    [Theory]
    [InlineData("name LIKE 'b%' AND tags.flour = 'rye'", "name ASC", "bread buns")]
    [InlineData("NOT tags.flour = 'rye' OR name = 'buns'", "name DESC", "rolls cake buns")]
    [InlineData("tags.flour IS NULL", "name ASC", "cake")]
    [InlineData("name IN ('cake', 'rolls', 'none')", "last_updated_timestamp ASC, name DESC", "rolls cake")]
    public async Task Models_are_found_by_name_and_tags_in_pages(string filter, string order, string expected)
    {
        var shop = await OpenShopAsync();
        foreach (var (name, flour) in new[] { ("rolls", "wheat"), ("bread", "rye"), ("cake", null), ("buns", "rye") })
            await shop.Registry.CreateAsync(ModelName.Parse(name), new ModelPatch { Tags = flour is null ? null : new Dictionary<string, string?> { ["flour"] = flour } });
        await shop.Registry.CreateAsync(ModelName.Parse("burnt"), new ModelPatch { Tags = new Dictionary<string, string?> { ["flour"] = "rye" } });
        await shop.Registry.DeleteModelAsync(ModelName.Parse("burnt"));

        // Of another server, which made none of them.
        var search = new ModelSearch((await OpenShopAsync()).Registry);
        var found = new List<string>();
        string? token = null;
        do
        {
            var page = await search.ModelsAsync(new RegistrySearch(filter, order.Split(", "), 1, token), _ => true);
            Assert.InRange(page.Items.Count, 0, 1);
            found.AddRange(page.Items.Select(model => $"{model.Name}"));
            token = page.Cursor;
        }
        while (token is not null);

        Assert.Equal(expected, string.Join(' ', found));
    }

    private async Task<Shop> OpenShopAsync()
    {
        var documents = await OpenAsync();
        var shop = new Shop(Account, documents: _ => documents);
        _shops.Add(shop);
        return shop;
    }
}
