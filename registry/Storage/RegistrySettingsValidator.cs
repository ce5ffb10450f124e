using Microsoft.Extensions.Options;

namespace Larder.Registry;

/// <summary>Checks the settings of the registry, by the attributes of their records. The compiler writes it.</summary>
[OptionsValidator]
public sealed partial class RegistrySettingsValidator :
    IValidateOptions<PublishingOptions>,
    IValidateOptions<CatalogOptions>,
    IValidateOptions<TokenCacheOptions>,
    IValidateOptions<SweeperOptions>,
    IValidateOptions<StoreOptions>,
    IValidateOptions<CosmosOptions>,
    IValidateOptions<UploadSessionOptions>,
    IValidateOptions<ImportLimits>;
