using System.Security.Cryptography;
using System.Text;
using Larder.Registry.Storage;
using Larder.Registry.Storage.Blobs;
using Larder.Registry.Storage.Cosmos;
using Larder.Testing;

namespace Larder.Functions.Tests.Hosting;

/// <summary>
/// Where the Larders of these tests keep their documents: blobs, or, with <c>LARDER_TEST_STORE=cosmos</c>, a Cosmos DB server that they all share, each
/// storage account with a database of its own. The server ends with the test process.
/// </summary>
internal static class TestStore
{
    private static readonly Lazy<Task<CosmosServer>> Server = new(CosmosServer.StartAsync);

    /// <summary>Whether it is Cosmos DB.</summary>
    public static bool IsCosmos => Environment.GetEnvironmentVariable("LARDER_TEST_STORE") == "cosmos";

    /// <summary>Settings of a Larder on a storage account.</summary>
    public static async Task<(string Name, string Value)[]> SettingsAsync(string storage) =>
        IsCosmos ? (await Server.Value).Settings(Database(storage)) : [];

    /// <summary>The documents of a Larder on a storage account.</summary>
    public static async Task<IDocumentStore> OpenAsync(string storage)
    {
        if (!IsCosmos)
            return new BlobDocumentStore(BlobClients.Create(storage));
        var server = await Server.Value;
        var options = new CosmosOptions
        {
            Endpoint = server.Endpoint, Key = server.Key, Database = Database(storage), Create = true, LimitToEndpoint = true, AnyCertificate = true,
        };
        var client = CosmosClients.Create(options);
        await new CosmosContainers(client, options).PrepareAsync();
        return new CosmosDocumentStore(client, options, new CosmosMetrics());
    }

    private static string Database(string storage) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(storage)))[..16];
}
