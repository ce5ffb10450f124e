using Azure.Storage.Blobs;
using Larder.Registry.Storage;
using Larder.Registry.Storage.Blobs;
using Larder.Registry.Storage.Cosmos;
using Microsoft.Azure.Cosmos;
using Microsoft.Extensions.DependencyInjection;

namespace Larder.Functions.Hosting;

/// <summary>The document store that <c>Store:Kind</c> names.</summary>
internal static class DocumentStoreServices
{
    public static void AddDocumentStore(this IServiceCollection services)
    {
        var validator = new RegistrySettingsValidator();
        services.AddSetting<StoreOptions>("Store", validator);
        services.AddSetting<CosmosOptions>("Store:Cosmos", validator, isUsed: UsesCosmos);
        services.AddSingleton<CosmosMetrics>();
        services.AddSingleton(provider => CosmosClients.Create(provider.GetRequiredService<CosmosOptions>()));
        services.AddSingleton(provider =>
            new CosmosContainers(provider.GetRequiredService<CosmosClient>(), provider.GetRequiredService<CosmosOptions>()));
        services.AddSingleton<IDocumentStore>(provider => new NotingDocumentStore(
            UsesCosmos(provider)
                ? new CosmosDocumentStore(provider.GetRequiredService<CosmosClient>(), provider.GetRequiredService<CosmosOptions>(), provider.GetRequiredService<CosmosMetrics>())
                : new BlobDocumentStore(provider.GetRequiredService<BlobServiceClient>()),
            provider.GetRequiredService<DocumentChanges>()));
        services.AddHostedService(provider => new DocumentStorePreparation(
            UsesCosmos(provider) ? provider.GetRequiredService<CosmosContainers>() : null));

        static bool UsesCosmos(IServiceProvider provider) => provider.GetRequiredService<StoreOptions>().IsCosmos;
    }
}
