using Azure.Identity;
using Larder.Inference.Limits;
using Microsoft.Azure.Cosmos;

namespace Larder.Registry.Storage.Cosmos;

/// <summary>Makes the client of Cosmos DB. One for the process: it keeps the connections and what it learned of the account.</summary>
public static class CosmosClients
{
    /// <summary>A client, by key or by identity. It sends nothing yet.</summary>
    /// <exception cref="ArgumentException">A setting is wrong; the message names it.</exception>
    public static CosmosClient Create(CosmosOptions options) => Create(options, null);

    /// <param name="options">The settings.</param>
    /// <param name="network">Under the client, in Gateway mode: what tests put between it and the account.</param>
    internal static CosmosClient Create(CosmosOptions options, HttpMessageHandler? network)
    {
        new RegistrySettingsValidator().Check("Store:Cosmos", options);
        var client = new CosmosClientOptions
        {
            ApplicationName = "larder",
            ConnectionMode = options.Mode,
            ConsistencyLevel = Level(options.Consistency),
            LimitToEndpoint = options.LimitToEndpoint,
            // The client waits as long as the answer's x-ms-retry-after-ms says.
            MaxRetryAttemptsOnRateLimitedRequests = options.ThrottleRetries,
            MaxRetryWaitTimeOnRateLimitedRequests = options.ThrottleWait,
            RequestTimeout = options.Timeout,
            UseSystemTextJsonSerializerWithOptions = RegistryJson.Options,
        };
        if (network is not null)
            client.HttpClientFactory = () => new HttpClient(network, disposeHandler: false);
        else if (options.AnyCertificate)
            client.ServerCertificateCustomValidationCallback = (_, _, _) => true;
        return options.Key.Length > 0
            ? new CosmosClient(options.Endpoint, options.Key, client)
            : new CosmosClient(options.Endpoint, Identity(options), client);
    }

    private static DefaultAzureCredential Identity(CosmosOptions options) => options.ClientId.Length > 0
        ? new DefaultAzureCredential(new DefaultAzureCredentialOptions { ManagedIdentityClientId = options.ClientId })
        : new DefaultAzureCredential();

    private static ConsistencyLevel? Level(CosmosConsistency consistency) => consistency switch
    {
        CosmosConsistency.Strong => ConsistencyLevel.Strong,
        CosmosConsistency.BoundedStaleness => ConsistencyLevel.BoundedStaleness,
        CosmosConsistency.Session => ConsistencyLevel.Session,
        _ => null,
    };
}
