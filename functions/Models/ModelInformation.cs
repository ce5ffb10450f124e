using Larder.Registry.Models;

namespace Larder.Functions.Models;

/// <summary>What the contract's information routes say of a model, and what more there is to say.</summary>
/// <param name="Name">The model.</param>
/// <param name="Description">Free text.</param>
/// <param name="ModelType">Always <c>onnx</c>.</param>
/// <param name="InputName">Name of the first input; null while no version is ready.</param>
/// <param name="NumInputs">Shape of the first input, as the contract calls it.</param>
/// <param name="OutputName">Name of the first output.</param>
/// <param name="DefaultVersion">The version that an unversioned request gets.</param>
/// <param name="Model">The model's document.</param>
/// <param name="Version">The version that was asked for.</param>
internal sealed record ModelInformation(
    string Name,
    string Description,
    string ModelType,
    string? InputName,
    IReadOnlyList<long>? NumInputs,
    string? OutputName,
    int? DefaultVersion,
    Model Model,
    VersionView? Version)
{
    /// <summary>Puts it together.</summary>
    public static ModelInformation Of(Model model, ModelVersion? version)
    {
        var signature = version?.Onnx.Signature;
        return new ModelInformation(
            model.Name,
            model.Description,
            "onnx",
            signature?.Inputs[0].Name,
            signature?.Inputs[0].Shape,
            signature?.Outputs[0].Name,
            model.ServedVersion,
            model,
            version is null ? null : VersionView.Of(version));
    }
}
