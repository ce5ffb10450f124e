using System.Collections.ObjectModel;
using System.Text.Json;
using Microsoft.Azure.Cosmos;

namespace Larder.Registry.Storage.Cosmos;

/// <summary>
/// The containers, their partition key and their indexes, from infra-bicep/documents.json, which Bicep deploys: what a deployment makes and what
/// <see cref="CosmosOptions.Create"/> makes is the same.
/// </summary>
internal sealed class CosmosLayout
{
    private readonly JsonElement _document;

    private CosmosLayout(JsonElement document) => _document = document;

    /// <summary>A container for each collection of the registry.</summary>
    public IReadOnlyList<string> Containers => [.. Texts(_document.GetProperty("containers"))];

    /// <summary>The JSON path of the partition key.</summary>
    public string PartitionKey => _document.GetProperty("partitionKey").GetProperty("paths")[0].GetString()!;

    public static CosmosLayout Read()
    {
        using var stream = typeof(CosmosLayout).Assembly.GetManifestResourceStream("documents.json")!;
        using var json = JsonDocument.Parse(stream);
        return new CosmosLayout(json.RootElement.Clone());
    }

    /// <summary>A container as it is to be made.</summary>
    public ContainerProperties Container(string name)
    {
        var policy = _document.GetProperty("indexingPolicy");
        var container = new ContainerProperties(name, PartitionKey)
        {
            PartitionKeyDefinitionVersion = PartitionKeyDefinitionVersion.V2,
            IndexingPolicy = new IndexingPolicy { IndexingMode = IndexingMode.Consistent, Automatic = true },
        };
        foreach (var path in policy.GetProperty("includedPaths").EnumerateArray())
            container.IndexingPolicy.IncludedPaths.Add(new IncludedPath { Path = Path(path) });
        foreach (var path in policy.GetProperty("excludedPaths").EnumerateArray())
            container.IndexingPolicy.ExcludedPaths.Add(new ExcludedPath { Path = Path(path) });
        foreach (var index in policy.GetProperty("compositeIndexes").EnumerateArray())
            container.IndexingPolicy.CompositeIndexes.Add(new Collection<CompositePath>([.. index.EnumerateArray().Select(Ordered)]));
        return container;
    }

    private static CompositePath Ordered(JsonElement path) => new()
    {
        Path = Path(path),
        Order = path.GetProperty("order").GetString() == "descending" ? CompositePathSortOrder.Descending : CompositePathSortOrder.Ascending,
    };

    private static string Path(JsonElement path) => path.GetProperty("path").GetString()!;

    private static IEnumerable<string> Texts(JsonElement array) => array.EnumerateArray().Select(text => text.GetString()!);
}
