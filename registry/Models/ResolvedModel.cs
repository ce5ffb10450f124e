namespace Larder.Registry;

/// <summary>What a reference stands for: the model as it was at one moment, and one version of it. Immutable.</summary>
/// <param name="Model">The model, with its settings.</param>
/// <param name="Version">The version.</param>
public sealed record ResolvedModel(Model Model, ModelVersion Version);
