using Larder.Registry.Backup;
using Larder.Registry.Catalog;
using Larder.Registry.GarbageCollection;
using Larder.Registry.Publishing;
using Larder.Registry.Storage.Cosmos;
using Larder.Registry.Tokens;
using Larder.Registry.Uploads;
using Microsoft.Extensions.Options;

namespace Larder.Registry.Storage;

/// <summary>Checks the settings of the registry, by the attributes of their records. The compiler writes it.</summary>
[OptionsValidator]
public sealed partial class RegistrySettingsValidator :
    IValidateOptions<PublishingOptions>,
    IValidateOptions<CatalogOptions>,
    IValidateOptions<TokenCacheOptions>,
    IValidateOptions<GarbageCollectionOptions>,
    IValidateOptions<StoreOptions>,
    IValidateOptions<CosmosOptions>,
    IValidateOptions<UploadSessionOptions>,
    IValidateOptions<ImportLimits>;
