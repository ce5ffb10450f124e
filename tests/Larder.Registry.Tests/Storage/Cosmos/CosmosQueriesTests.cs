using Larder.Registry.Storage;
using Larder.Registry.Storage.Cosmos;

namespace Larder.Registry.Tests.Storage.Cosmos;

/// <summary>What the account is asked, to the letter: the server of the tests has one physical partition and could not tell a wide query from a narrow one.</summary>
public sealed class CosmosQueriesTests
{
    [Fact]
    public void A_list_asks_for_one_partition_in_the_order_of_ids()
    {
        var query = CosmosQueries.After(CosmosQueries.Partition, new DocumentKey("iris", "0000000003"));

        Assert.Equal("SELECT * FROM c WHERE c.partition = @partition AND c.id > @id ORDER BY c.id ASC", query.QueryText);
        Assert.Equal([("@partition", "iris"), ("@id", "0000000003")], query.GetQueryParameters());
    }

    [Fact]
    public void A_scan_asks_for_what_follows_a_key_in_the_order_of_the_composite_index()
    {
        var query = CosmosQueries.After(CosmosQueries.Collection, new DocumentKey("iris", "model"));
        var container = CosmosLayout.Read().Container("models");

        Assert.Equal(
            "SELECT * FROM c WHERE c.partition > @partition OR (c.partition = @partition AND c.id > @id) ORDER BY c.partition ASC, c.id ASC",
            query.QueryText);
        Assert.Equal([("@partition", "iris"), ("@id", "model")], query.GetQueryParameters());
        Assert.EndsWith(
            "ORDER BY " + string.Join(", ", Assert.Single(container.IndexingPolicy.CompositeIndexes).Select(path => $"c.{path.Path[1..]} ASC")),
            query.QueryText);
    }
}
