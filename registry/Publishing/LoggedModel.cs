using System.Text.Json.Nodes;
using Larder.Registry.Errors;
using Larder.Registry.Text;

namespace Larder.Registry.Publishing;

/// <summary>What the file <c>MLmodel</c> says, with which MLflow's clients describe the model that is in the same folder.</summary>
/// <param name="Flavors">The ways in which MLflow can load it, as <c>onnx</c> or <c>sklearn</c>.</param>
/// <param name="OnnxFile">Of the flavor onnx, the path of its file in the folder; null without that flavor.</param>
public sealed record LoggedModel(IReadOnlyList<string> Flavors, string? OnnxFile)
{
    /// <summary>What the file is called.</summary>
    public const string FileName = "MLmodel";

    /// <summary>The most bytes of the file.</summary>
    public const int MaxBytes = 1 << 20;

    private const string OnnxFlavor = "onnx";

    /// <summary>Reads the file.</summary>
    /// <param name="yaml">Its bytes.</param>
    /// <exception cref="InvalidRequestException">It is none: a sentence.</exception>
    public static LoggedModel Read(BinaryData yaml)
    {
        JsonNode? read;
        try
        {
            read = YamlJson.Read(yaml);
        }
        catch (InvalidRequestException e)
        {
            throw new InvalidRequestException($"The model's {FileName} cannot be read: {e.Message}");
        }

        if ((read as JsonObject)?["flavors"] is not JsonObject { Count: > 0 } flavors)
            throw new InvalidRequestException($"The model's {FileName} has no flavors.");
        var names = flavors.Select(flavor => flavor.Key).ToList();
        if (flavors[OnnxFlavor] is not JsonObject onnx)
            return new LoggedModel(names, null);
        return onnx["data"] is JsonValue data && data.TryGetValue<string>(out var file)
            ? new LoggedModel(names, file)
            : throw new InvalidRequestException($"The flavor {OnnxFlavor} of the model's {FileName} does not say which file it is (data).");
    }
}
