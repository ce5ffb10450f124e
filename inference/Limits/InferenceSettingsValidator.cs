using Larder.Inference.Images;
using Larder.Inference.Validation;
using Microsoft.Extensions.Options;

namespace Larder.Inference.Limits;

/// <summary>Checks the settings of inference, by the attributes of their records. The compiler writes it.</summary>
[OptionsValidator]
public sealed partial class InferenceSettingsValidator :
    IValidateOptions<InferenceLimits>,
    IValidateOptions<ValidationLimits>,
    IValidateOptions<ImageLimits>;
