using Microsoft.Extensions.Options;

namespace Larder.Inference;

/// <summary>Checks the settings of inference, by the attributes of their records. The compiler writes it.</summary>
[OptionsValidator]
public sealed partial class InferenceSettingsValidator :
    IValidateOptions<InferenceLimits>,
    IValidateOptions<ValidationLimits>,
    IValidateOptions<ImageLimits>;
