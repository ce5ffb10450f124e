using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.Jobs;
using Larder.Functions.Prediction;
using Larder.Lineage;
using Larder.Search;
using Microsoft.Extensions.Options;

namespace Larder.Functions.Hosting;

/// <summary>Checks the settings of the API, by the attributes of their records. The compiler writes it.</summary>
[OptionsValidator]
public sealed partial class FunctionSettingsValidator :
    IValidateOptions<AccessOptions>,
    IValidateOptions<RateOptions>,
    IValidateOptions<WrongCredentialOptions>,
    IValidateOptions<DashboardOptions>,
    IValidateOptions<LogStreamLimits>,
    IValidateOptions<PredictionLimits>,
    IValidateOptions<ServingOptions>,
    IValidateOptions<CompressionLimits>,
    IValidateOptions<RequestTimeoutOptions>,
    IValidateOptions<LineageOptions>,
    IValidateOptions<SearchWeights>,
    IValidateOptions<TrackingOptions>,
    IValidateOptions<WarmupOptions>;
