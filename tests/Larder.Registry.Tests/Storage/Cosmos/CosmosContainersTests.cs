using Larder.Registry.Models;
using Larder.Registry.Storage.Cosmos;
using Larder.Registry.Tests.Testing;
using Larder.Testing;
using Microsoft.Azure.Cosmos;

namespace Larder.Registry.Tests.Storage.Cosmos;

[Collection(CosmosCollection.Name)]
public sealed class CosmosContainersTests(CosmosServer server) : IDisposable
{
    private readonly CosmosHosts _hosts = new(server);

    public void Dispose() => _hosts.Dispose();

    [Fact]
    public async Task What_is_made_is_what_documents_json_says()
    {
        var options = _hosts.Options(server.NewDatabase());
        var client = _hosts.Client(options);
        var layout = CosmosLayout.Read();

        await new CosmosContainers(client, options).PrepareAsync();
        await new CosmosContainers(client, options).PrepareAsync();

        Assert.Contains(ModelCollections.Models.Name, layout.Containers);
        foreach (var name in layout.Containers)
        {
            ContainerProperties made = await client.GetContainer(options.Database, name).ReadContainerAsync();
            Assert.Equal("/partition", Assert.Single(made.PartitionKeyPaths));
            Assert.Equal("/partition/?", Assert.Single(made.IndexingPolicy.IncludedPaths).Path);
            Assert.Equal("/*", Assert.Single(made.IndexingPolicy.ExcludedPaths).Path);
            Assert.Equal(["/partition", "/id"], Assert.Single(made.IndexingPolicy.CompositeIndexes).Select(path => path.Path));
        }
    }

    [Fact]
    public async Task What_is_missing_is_said_when_it_may_not_be_made()
    {
        var options = _hosts.Options(server.NewDatabase()) with { Create = false };

        var thrown = await Assert.ThrowsAsync<InvalidOperationException>(() => new CosmosContainers(_hosts.Client(options), options).PrepareAsync());

        Assert.Contains("Store:Cosmos:Database", thrown.Message);
        Assert.Contains("Store:Cosmos:Create", thrown.Message);
    }

    [Fact]
    public async Task A_container_with_another_partition_key_is_refused()
    {
        var options = _hosts.Options(server.NewDatabase());
        var client = _hosts.Client(options);
        Database database = await client.CreateDatabaseAsync(options.Database);
        await database.CreateContainerAsync("jobs", "/id");

        var thrown = await Assert.ThrowsAsync<InvalidOperationException>(() => new CosmosContainers(client, options).PrepareAsync());

        Assert.Contains("jobs", thrown.Message);
        Assert.Contains("/partition", thrown.Message);
    }

    [Fact]
    public async Task An_account_that_does_not_answer_is_said_with_its_setting()
    {
        await using var own = await CosmosServer.StartAsync();
        using var their = new CosmosHosts(own);
        var options = their.Options("larder") with { Timeout = TimeSpan.FromSeconds(5) };
        await own.KillAsync();

        var thrown = await Assert.ThrowsAsync<InvalidOperationException>(() => new CosmosContainers(their.Client(options), options).PrepareAsync());

        Assert.Contains("Store:Cosmos:Endpoint", thrown.Message);
    }
}
