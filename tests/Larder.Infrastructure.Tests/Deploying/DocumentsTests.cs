using System.Text.Json;
using System.Text.RegularExpressions;

namespace Larder.Infrastructure.Tests;

/// <summary>documents.json is the one place that says which containers there are; Bicep makes them, registry/ uses them.</summary>
public sealed partial class DocumentsTests
{
    private static readonly JsonElement s_documents = JsonDocument.Parse(Repository.Read("infra-bicep/documents.json")).RootElement;

    private static IEnumerable<string> Containers => s_documents.GetProperty("containers").EnumerateArray().Select(container => container.GetString()!).Order();

    [Fact]
    public void Containers_are_the_collections_of_the_registry()
    {
        var collections = Directory.EnumerateFiles(Repository.Path("registry"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .SelectMany(file => Collection().Matches(File.ReadAllText(file)).Select(match => match.Groups["name"].Value));
        Assert.Equal(collections.Order(), Containers);
    }

    [Fact]
    public void Containers_are_the_collections_of_the_registrys_readme() =>
        Assert.Equal(Row().Matches(Repository.Read("registry/README.md")).Select(match => match.Groups["name"].Value).Order(), Containers);

    [Fact]
    public void A_partition_is_listed_and_a_collection_scanned_in_order_by_an_index()
    {
        var policy = s_documents.GetProperty("indexingPolicy");

        Assert.Equal("/partition", s_documents.GetProperty("partitionKey").GetProperty("paths")[0].GetString());
        Assert.Equal("/partition/?", policy.GetProperty("includedPaths")[0].GetProperty("path").GetString());
        Assert.Equal(["/partition", "/id"], policy.GetProperty("compositeIndexes")[0].EnumerateArray().Select(index => index.GetProperty("path").GetString()));
        Assert.Equal("/*", Assert.Single(policy.GetProperty("excludedPaths").EnumerateArray()).GetProperty("path").GetString());
    }

    [Fact]
    public void Bicep_takes_names_keys_and_indexes_from_there()
    {
        var cosmos = Sources.Deployed().Files.Single(file => file.Path == "modules/cosmos.bicep");
        var containers = cosmos.Made.Single(resource => resource.Type.EndsWith("/containers", StringComparison.Ordinal)).Body;

        Assert.Equal("containers", Assert.IsType<MemberExpression>(Assert.IsType<ForExpression>(containers).Source).Member);
        Assert.Equal("partitionKey", Assert.IsType<MemberExpression>(containers.Find("properties", "resource", "partitionKey")).Member);
        Assert.Equal("indexingPolicy", Assert.IsType<MemberExpression>(containers.Find("properties", "resource", "indexingPolicy")).Member);
    }

    [GeneratedRegex("RegistryJson\\.Collection<\\w+>\\(\"(?<name>[^\"]+)\"\\)")]
    private static partial Regex Collection();

    [GeneratedRegex("^\\| `(?<name>[a-z-]+)` \\|.*`documents/", RegexOptions.Multiline)]
    private static partial Regex Row();
}
