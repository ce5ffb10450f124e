using Larder.Registry.Datasets;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Models;
using Larder.Registry.Storage.Blobs;
using Larder.Registry.Tests.Testing;
using Larder.Testing;

namespace Larder.Registry.Tests.Datasets;

[Collection(AzuriteCollection.Name)]
public sealed class DatasetStoreTests(Azurite azurite)
{
    private static readonly ModelName Iris = ModelName.Parse("iris");
    private static readonly DateTimeOffset Noon = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly DatasetStore _datasets = new(new BlobDocumentStore(BlobClients.Create(azurite.NewAccount())));

    [Fact]
    public async Task A_data_set_comes_back_as_it_was_stored_and_goes_when_it_is_deleted()
    {
        var dataset = Named("Grüße 花 #1?.csv", 1) with { Owner = "ada" };

        Assert.Equal(dataset, await _datasets.PutAsync(dataset));

        Assert.Equal(dataset, await _datasets.GetAsync(Iris, "Grüße 花 #1?.csv"));
        await _datasets.DeleteAsync(Iris, "Grüße 花 #1?.csv");
        await Assert.ThrowsAsync<NotFoundException>(() => _datasets.GetAsync(Iris, "Grüße 花 #1?.csv"));
        await Assert.ThrowsAsync<NotFoundException>(() => _datasets.DeleteAsync(Iris, "Grüße 花 #1?.csv"));
    }

    [Fact]
    public async Task The_longest_names_fit()
    {
        var dataset = Named(string.Concat(Enumerable.Repeat("花", 85)), 1) with { Model = ModelName.Parse(new string('m', 128)) };

        await _datasets.PutAsync(dataset);

        Assert.Equal(dataset, await _datasets.GetAsync(dataset.Model, dataset.FileName));
    }

    [Fact]
    public async Task Of_several_of_one_name_the_newest_stays_whoever_comes_last()
    {
        var (older, newer) = (Named("a.csv", 1), Named("a.csv", 2));

        Assert.Equal(newer, await _datasets.PutAsync(newer));
        Assert.Equal(newer, await _datasets.PutAsync(older));
        Assert.Equal(newer, await _datasets.PutAsync(newer));

        var many = Enumerable.Range(3, 12).Select(minute => Named("a.csv", minute)).ToList();
        await Task.WhenAll(many.Select(one => _datasets.PutAsync(one)));
        Assert.Equal(many[^1], await _datasets.GetAsync(Iris, "a.csv"));
    }

    [Fact]
    public async Task Lists_go_by_model_and_name_a_page_at_a_time()
    {
        foreach (var (model, name) in new[] { ("rose", "b.csv"), ("iris", "b.csv"), ("iris", "a.csv") })
            await _datasets.PutAsync(Named(name, 1) with { Model = ModelName.Parse(model) });

        var all = new List<string>();
        string? cursor = null;
        do
        {
            var page = await _datasets.ListAsync(null, 2, cursor);
            all.AddRange(page.Items.Select(one => Dataset.AddressOf(one.Model, one.FileName)));
            cursor = page.Cursor;
        }
        while (cursor is not null);

        Assert.Equal(["datasets/iris/a.csv", "datasets/iris/b.csv", "datasets/rose/b.csv"], all);
        Assert.Equal("b.csv", Assert.Single((await _datasets.ListAsync(ModelName.Parse("rose"), 10)).Items).FileName);
        Assert.Empty((await _datasets.ListAsync(ModelName.Parse("tulip"), 10)).Items);
        await Assert.ThrowsAsync<InvalidRequestException>(() => _datasets.ListAsync(null, 0));
        await Assert.ThrowsAsync<InvalidRequestException>(() => _datasets.ListAsync(null, 10, "nonsense"));
    }

    [Theory]
    [InlineData("datasets/iris")]
    [InlineData("datasets/iris/")]
    [InlineData("datasets//a.csv")]
    [InlineData("datasets/iris/a/b.csv")]
    [InlineData("datasets/iris/..")]
    [InlineData("datasets/no model/a.csv")]
    [InlineData("uploads/iris/a.csv")]
    public void What_is_no_address_is_refused(string address) => Assert.Throws<InvalidRequestException>(() => Dataset.Parse(address));

    [Fact]
    public void An_address_has_a_model_and_a_name() => Assert.Equal(("iris", "a b.csv"), Dataset.Parse(Dataset.AddressOf("iris", "a b.csv")));

    private static Dataset Named(string name, int minute) => new()
    {
        Model = Iris,
        FileName = name,
        Sha256 = Shop.Sha256($"{minute}"),
        SizeBytes = minute,
        Job = JobId.Create(Noon.AddMinutes(minute)),
        Created = Noon,
    };
}
