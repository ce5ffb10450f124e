using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Ratings;
using Larder.Registry.Tests.Testing;
using Larder.Testing;

namespace Larder.Registry.Tests.Ratings;

/// <summary>Ratings, and what becomes of them when models go.</summary>
[Collection(AzuriteCollection.Name)]
public sealed class RatingStoreTests(Azurite azurite) : IDisposable
{
    private static readonly ModelName Bread = ModelName.Parse("bread");

    private readonly Shop _shop = new(azurite.NewAccount());

    public void Dispose() => _shop.Dispose();

    [Fact]
    public async Task A_caller_has_one_rating_of_a_model()
    {
        await _shop.PublishAsync("bread");
        await _shop.PublishAsync("rolls");
        var ratings = Open();

        await Task.WhenAll(Enumerable.Range(1, 5).Select(stars => ratings.SetAsync(Bread, "ann", stars)));
        await ratings.SetAsync(Bread, "ann", 1);
        await ratings.SetAsync(Bread, "bob", 4);
        await ratings.SetAsync(ModelName.Parse("rolls"), "bob", 5);

        Assert.Equal((new RatingSummary(2, 2.5), 1), await ratings.GetAsync(Bread, "ann"));
        Assert.Equal((new RatingSummary(2, 2.5), (int?)null), await ratings.GetAsync(Bread, "eve"));
        Assert.True(await ratings.RemoveAsync(Bread, "ann"));
        Assert.False(await ratings.RemoveAsync(Bread, "ann"));
        Assert.Equal([("bread", new RatingSummary(1, 4)), ("rolls", new RatingSummary(1, 5))], (await ratings.AllAsync()).Select(one => (one.Key.Model, one.Value)).OrderBy(one => one.Model));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(6)]
    [InlineData(-1)]
    public async Task Other_numbers_of_stars_are_refused(int stars)
    {
        await _shop.PublishAsync("bread");

        await Assert.ThrowsAsync<InvalidRequestException>(() => Open().SetAsync(Bread, "ann", stars));

        Assert.Empty(await Open().AllAsync());
    }

    [Fact]
    public async Task Ratings_stay_while_a_model_can_be_restored_and_are_not_those_of_another_of_its_name()
    {
        await _shop.PublishAsync("bread");
        var ratings = Open();
        await ratings.SetAsync(Bread, "ann", 5);
        await _shop.Registry.DeleteModelAsync(Bread);
        await Assert.ThrowsAsync<NotFoundException>(() => ratings.SetAsync(Bread, "bob", 5));

        Assert.Equal(0, await ratings.CollectAsync());
        await _shop.Registry.RestoreModelAsync(Bread);
        Assert.Equal(1, (await ratings.GetAsync(Bread, "ann")).Ratings.Count);

        await _shop.Registry.DeleteModelAsync(Bread, purge: true);
        await _shop.Registry.CreateAsync(Bread, new ModelPatch());
        Assert.Equal((RatingSummary.None, (int?)null), await ratings.GetAsync(Bread, "ann"));
        Assert.False(await ratings.RemoveAsync(Bread, "eve"));
        await ratings.SetAsync(Bread, "bob", 2);
        Assert.Equal(1, await ratings.CollectAsync());
        Assert.Equal(new RatingSummary(1, 2), (await ratings.GetAsync(Bread, "bob")).Ratings);

        await _shop.Registry.DeleteModelAsync(Bread, purge: true);
        Assert.Equal(1, await ratings.CollectAsync());
        Assert.Empty(await ratings.AllAsync());
    }

    private RatingStore Open() => new(_shop.Documents, _shop.Registry, _shop.Time);
}
