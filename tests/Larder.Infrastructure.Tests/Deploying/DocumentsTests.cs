using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Larder.Infrastructure.Tests.Compiling;

namespace Larder.Infrastructure.Tests.Deploying;

/// <summary>documents.json is the one place that says which containers there are; Bicep makes them, registry/ and tracking/ use them.</summary>
[Collection(nameof(CompiledInfrastructure))]
public sealed partial class DocumentsTests(CompiledInfrastructure infrastructure)
{
    private static readonly JsonElement Documents = JsonDocument.Parse(Repository.Read("infra-bicep/documents.json")).RootElement;

    private static IEnumerable<string> Containers => Documents.GetProperty("containers").EnumerateArray().Select(container => container.GetString()!).Order();

    [Fact]
    public void Containers_are_the_collections_of_the_rooms_readmes() =>
        Assert.Equal(new[] { "registry", "tracking" }.SelectMany(room => Row().Matches(Repository.Read($"{room}/README.md"))).Select(match => match.Groups["name"].Value).Order(), Containers);

    [Fact]
    public void A_partition_is_listed_and_a_collection_scanned_in_order_by_an_index()
    {
        var policy = Documents.GetProperty("indexingPolicy");

        Assert.Equal("/partition", Documents.GetProperty("partitionKey").GetProperty("paths")[0].GetString());
        Assert.Equal("/partition/?", policy.GetProperty("includedPaths")[0].GetProperty("path").GetString());
        Assert.Equal(["/partition", "/id"], policy.GetProperty("compositeIndexes")[0].EnumerateArray().Select(index => index.GetProperty("path").GetString()));
        Assert.Equal("/*", Assert.Single(policy.GetProperty("excludedPaths").EnumerateArray()).GetProperty("path").GetString());
    }

    [BicepFact]
    public void The_template_makes_the_containers_with_these_keys_and_indexes()
    {
        var made = infrastructure.Everything.Of("Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers").ToList();

        Assert.Equal(Containers, made.Select(container => Deployment.Text(container, "properties.resource.id")).Order());
        foreach (var property in new[] { "partitionKey", "indexingPolicy" })
        {
            var written = JsonNode.Parse(Documents.GetProperty(property).GetRawText());
            Assert.All(made, container => Assert.True(JsonNode.DeepEquals(written, Deployment.Find(container, $"properties.resource.{property}"))));
        }
    }

    [GeneratedRegex("^\\| `(?<name>[a-z-]+)` \\|.*`documents/", RegexOptions.Multiline)]
    private static partial Regex Row();
}
