using System.Runtime.CompilerServices;
using Larder.Registry.Datasets;
using Larder.Registry.Errors;
using Larder.Registry.Storage;

namespace Larder.Search.Sources;

/// <summary>Data sets that were uploaded under a name.</summary>
internal sealed class DatasetSource(DatasetStore datasets) : ISearchSource
{
    private const string Prefix = "dataset/";

    public string? GroupOf(string collection, string partition, string id) => collection == "datasets" ? $"{Prefix}{partition}/{id}" : null;

    public async IAsyncEnumerable<(string Group, IReadOnlyList<SearchItem> Items)> ScanAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var dataset in Listing.AllAsync(cursor => datasets.ListAsync(model: null, DatasetStore.MaxPage, cursor, cancellationToken)))
            yield return ($"{Prefix}{dataset.Model}/{dataset.FileName}", [Of(dataset)]);
    }

    public async Task<IReadOnlyList<SearchItem>> ReadAsync(string group, CancellationToken cancellationToken)
    {
        try
        {
            var (model, fileName) = Dataset.Parse(Dataset.Prefix + group[Prefix.Length..]);
            return [Of(await datasets.GetAsync(model, fileName, cancellationToken))];
        }
        catch (NotFoundException)
        {
            return [];
        }
    }

    private static SearchItem Of(Dataset dataset) => new()
    {
        Kind = "dataset",
        Id = $"{dataset.Model}/{dataset.FileName}",
        Title = dataset.FileName,
        Link = $"/api/v1/datasets/{dataset.Model}/{Uri.EscapeDataString(dataset.FileName)}",
        Page = $"/ui/lineage/dataset/{dataset.Model}/{Uri.EscapeDataString(dataset.FileName)}",
        Model = dataset.Model,
        Owner = dataset.Owner,
        Words = [dataset.Model],
        Created = dataset.Created,
        Updated = dataset.Created,
        UsedAs = JobSource.UseOfBytes(dataset.Sha256),
    };
}
