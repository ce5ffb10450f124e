using Larder.Registry.Storage;
using Larder.Registry.Storage.Cosmos;
using Larder.Testing;
using Microsoft.Azure.Cosmos;

namespace Larder.Registry.Tests.Storage.Cosmos;

/// <summary>Makes stores on a server as hosts would, each with a client of its own, and disposes of the clients.</summary>
internal sealed class CosmosHosts(CosmosServer server) : IDisposable
{
    /// <summary>The containers of the contract's tests.</summary>
    public static readonly string[] Containers = ["notes", "others"];

    private readonly List<IDisposable> _made = [];

    public CosmosOptions Options(string database) => new()
    {
        Endpoint = server.Endpoint,
        Key = server.Key,
        Database = database,
        Create = true,
        LimitToEndpoint = true,
        AnyCertificate = true,
    };

    /// <summary>A store whose containers are there.</summary>
    public async Task<IDocumentStore> OpenAsync(CosmosOptions options, HttpMessageHandler? network = null, CosmosMetrics? metrics = null)
    {
        var client = Client(options, network);
        await new CosmosContainers(client, options, Containers).PrepareAsync();
        return new CosmosDocumentStore(client, options, metrics ?? Owned(new CosmosMetrics()));
    }

    public CosmosClient Client(CosmosOptions options, HttpMessageHandler? network = null) => Owned(CosmosClients.Create(options, network));

    public void Dispose() => _made.ForEach(one => one.Dispose());

    private T Owned<T>(T one)
        where T : IDisposable
    {
        _made.Add(one);
        return one;
    }
}
