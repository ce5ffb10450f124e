using Larder.Inference.Settings;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Larder.Registry.Tests.Testing;
using Larder.Testing;

namespace Larder.Registry.Tests.Models;

/// <summary>Which versions are loaded before a change gives them requests, and that the change is not visible until then.</summary>
[Collection(AzuriteCollection.Name)]
public sealed class WarmTests : IDisposable
{
    private static readonly ModelName Iris = ModelName.Parse("iris");

    private readonly Shop _shop;
    private readonly Shop _elsewhere;
    private readonly List<string> _warmed = [];

    public WarmTests(Azurite azurite)
    {
        var account = azurite.NewAccount();
        _elsewhere = new Shop(account);
        _shop = new Shop(account, warm: async (models, cancellationToken) =>
        {
            // What other servers read meanwhile is as before.
            var page = await _elsewhere.Registry.ListAsync(10, cancellationToken: cancellationToken);
            var now = page.Items.Count == 0 ? "nothing" : $"default {page.Items[0].ServedVersion} prod {page.Items[0].Aliases.GetValueOrDefault("prod")}";
            _warmed.Add($"{string.Join(',', models.Select(model => model.Version))} while {now}");
        });
    }

    public void Dispose()
    {
        _shop.Dispose();
        _elsewhere.Dispose();
    }

    [Fact]
    public async Task A_version_is_loaded_before_the_default_or_an_alias_points_at_it()
    {
        await _shop.PublishAsync("iris", "1");
        await _shop.PublishAsync("iris", "2");
        await _shop.Registry.SetAliasAsync(Iris, "prod", 1);
        await _shop.Registry.SetDefaultAsync(Iris, 1);
        await _shop.Registry.SetDefaultAsync(Iris, null);
        await _shop.Registry.SetAliasAsync(Iris, "prod", 2);
        await _shop.Registry.DeleteAliasAsync(Iris, "prod");

        Assert.Equal(
            ["1 while nothing", "2 while default 1 prod 0", "1 while default 2 prod 0", "2 while default 1 prod 1"],
            _warmed);
    }

    [Fact]
    public async Task A_version_that_no_request_gets_by_itself_is_not_loaded()
    {
        await _shop.PublishAsync("iris", "1");
        await _shop.Registry.SetDefaultAsync(Iris, 1);
        await _shop.PublishAsync("iris", "2");
        await _shop.PublishAsync("iris", "3", new PublishRequest { Source = "upload", Kind = ModelVersion.OptimizedKind });
        await _shop.Registry.UpdateAsync(Iris, new ModelPatch { Description = "new" });

        Assert.Equal(["1 while nothing"], _warmed);
    }

    [Fact]
    public async Task What_takes_the_place_of_a_deleted_version_and_what_is_restored_is_loaded()
    {
        await _elsewhere.PublishAsync("iris", "1");
        await _elsewhere.PublishAsync("iris", "2");
        await _shop.Registry.DeleteVersionAsync(Iris, 2);
        await _shop.Registry.RestoreVersionAsync(Iris, 2);
        await _shop.Registry.SetAliasAsync(Iris, "prod", 1);
        await _shop.Registry.DeleteModelAsync(Iris, force: true);
        await _shop.Registry.RestoreModelAsync(Iris);

        Assert.Equal(["1 while default 2 prod 0", "2 while default 1 prod 0", "1 while default 2 prod 0", "2,1 while nothing"], _warmed);
    }

    [Fact]
    public async Task Other_settings_load_what_is_served_anew()
    {
        await _elsewhere.PublishAsync("iris", "1");
        await _elsewhere.PublishAsync("iris", "2");
        await _elsewhere.Registry.SetAliasAsync(Iris, "prod", 1);

        await _shop.Registry.UpdateAsync(Iris, new ModelPatch { Settings = new ModelSettings { Session = new SessionSettings { Optimization = "basic" } } });

        Assert.Equal(["2,1 while default 2 prod 1"], _warmed);
    }
}
