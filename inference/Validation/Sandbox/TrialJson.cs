using System.Text.Json.Serialization;

namespace Larder.Inference;

/// <summary>The JSON of the trial's two messages; compiled, so that the first trial does not wait for reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(TrialRequest))]
[JsonSerializable(typeof(TrialAnswer))]
internal sealed partial class TrialJson : JsonSerializerContext;
