using Azure.Storage.Blobs;
using Larder.Registry;
using Microsoft.Azure.Cosmos;
using Microsoft.Extensions.DependencyInjection;

namespace Larder.Functions;

/// <summary>The document store that <c>Store:Kind</c> names.</summary>
internal static class DocumentStoreServices
{
    public static void AddDocumentStore(this IServiceCollection services)
    {
        services.AddSetting<StoreOptions>("Store", options => options.Validate());
        services.AddSingleton<CosmosMetrics>();
        services.AddSingleton(provider => CosmosClients.Create(provider.GetRequiredService<StoreOptions>().Cosmos));
        services.AddSingleton(provider =>
            new CosmosContainers(provider.GetRequiredService<CosmosClient>(), provider.GetRequiredService<StoreOptions>().Cosmos));
        services.AddSingleton<IDocumentStore>(provider => provider.GetRequiredService<StoreOptions>() is { IsCosmos: true, Cosmos: var cosmos }
            ? new CosmosDocumentStore(provider.GetRequiredService<CosmosClient>(), cosmos, provider.GetRequiredService<CosmosMetrics>())
            : new BlobDocumentStore(provider.GetRequiredService<BlobServiceClient>()));
        services.AddHostedService(provider => new DocumentStorePreparation(
            provider.GetRequiredService<StoreOptions>().IsCosmos ? provider.GetRequiredService<CosmosContainers>() : null));
    }
}
