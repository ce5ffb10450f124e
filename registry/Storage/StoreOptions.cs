using Larder.Inference.Limits;
using Larder.Registry.Backup;
using Larder.Registry.Catalog;
using Larder.Registry.GarbageCollection;
using Larder.Registry.Publishing;
using Larder.Registry.Samples;
using Larder.Registry.Storage.Cosmos;
using Larder.Registry.Tokens;
using Larder.Registry.Uploads;
using Larder.Registry.Webhooks;
using Microsoft.Extensions.Options;

namespace Larder.Registry.Storage;

/// <summary>Where documents are kept: settings <c>Store:*</c>. Artifacts and files are blobs in any case.</summary>
public sealed record StoreOptions
{
    /// <summary><c>blobs</c>, in the storage account of everything else; or <c>cosmos</c>, for many models and many hosts.</summary>
    [OneOf("blobs", "cosmos")]
    public string Kind { get; init; } = "blobs";

    /// <summary>Whether documents are in Cosmos DB.</summary>
    public bool IsCosmos => Kind == "cosmos";
}

/// <summary>Checks the settings of the registry, by the attributes of their records. The compiler writes it.</summary>
[OptionsValidator]
public sealed partial class RegistrySettingsValidator :
    IValidateOptions<PublishingOptions>,
    IValidateOptions<CatalogOptions>,
    IValidateOptions<TokenCacheOptions>,
    IValidateOptions<GarbageCollectionOptions>,
    IValidateOptions<RetentionOptions>,
    IValidateOptions<StoreOptions>,
    IValidateOptions<CosmosOptions>,
    IValidateOptions<UploadSessionOptions>,
    IValidateOptions<ImportLimits>,
    IValidateOptions<SampleLimits>,
    IValidateOptions<WebhookOptions>;
