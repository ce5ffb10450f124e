using Larder.Inference.Sessions;

namespace Larder.Registry.Models;

/// <summary>What a reference stands for: the model as it was at one moment, and one version of it. Immutable.</summary>
/// <param name="Model">The model, with its settings.</param>
/// <param name="Version">The version.</param>
public sealed record ResolvedModel(Model Model, ModelVersion Version)
{
    /// <summary>The version as <see cref="SessionCache"/> takes it.</summary>
    public ServableModel Servable { get; } =
        new(Model.Name, $"{Version.Version}", Version.Sha256, Version.SizeBytes, Version.Onnx, Model.Settings);
}
