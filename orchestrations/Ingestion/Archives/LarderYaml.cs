using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text;
using Larder.Inference.Settings;
using Larder.Inference.Signatures;
using Larder.Orchestrations.Options;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Samples;
using Larder.Registry.Text;

namespace Larder.Orchestrations.Ingestion.Archives;

/// <summary>What <c>larder.yaml</c> in an archive may say. Keys that are not known are refused.</summary>
public sealed record LarderYaml
{
    /// <summary>What it is read with.</summary>
    public static OptionSchema<LarderYaml> Schema { get; } = new();

    /// <summary>The model's name.</summary>
    [Description("The model's name; it must be the one that the archive was dropped for."), StringLength(ModelName.MaxLength, MinimumLength = 1)]
    public string? Name { get; init; }

    /// <summary>Description of the version.</summary>
    [Description("Description of the version."), StringLength(32_768)]
    public string? Description { get; init; }

    /// <summary>Description of the model.</summary>
    [Description("New description of the model."), StringLength(32_768)]
    public string? ModelDescription { get; init; }

    /// <summary>Tags of the version.</summary>
    [Description("Tags of the version."), MaxLength(100)]
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    /// <summary>Aliases to move.</summary>
    [Description("Aliases that are moved to the version."), MaxLength(20)]
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>An alias to move.</summary>
    [Description("An alias that is moved to the version, as one of aliases."), StringLength(ModelName.MaxLength, MinimumLength = 1)]
    public string? Alias { get; init; }

    /// <summary>Where the model comes from.</summary>
    [Description("Where the model comes from. Of a dropped archive it becomes a tag, since the source is the blob."), StringLength(256)]
    public string? Source { get; init; }

    /// <summary>SHA-256 that the version must have.</summary>
    [Description("SHA-256 of model.onnx, or of the manifest of a model of several files: another model is refused."), RegularExpression("^[0-9A-Fa-f]{64}$")]
    public string? Sha256 { get; init; }

    /// <summary>Names of the classes.</summary>
    [Description("Names of the classes that the outputs count, in their order. By default what the file's metadata says."), MaxLength(100_000)]
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>Columns of the only input.</summary>
    [Description("Columns of the model's only input, in their order: names, or objects with name, type, unit, missing and default. By default what the file's metadata says."), MaxLength(10_000)]
    public IReadOnlyList<Feature>? Features { get; init; }

    /// <summary>How images become tensors.</summary>
    [Description("New image settings of the model.")]
    public ImageSettings? Image { get; init; }

    /// <summary>The body of a prediction.</summary>
    [Description("The body of a prediction to try the model with.")]
    public SampleInputs? SampleInputs { get; init; }

    /// <summary>How far the outputs of samples may be from the expected ones.</summary>
    [Description("How far floating-point outputs of samples may be from the expected ones: atol and rtol.")]
    public SampleTolerance? SampleTolerance { get; init; }

    /// <summary>All aliases to move.</summary>
    internal IEnumerable<string> AllAliases => Alias is null ? Aliases : Aliases.Append(Alias);

    /// <summary>Reads the file.</summary>
    /// <exception cref="InvalidRequestException">It is not what it must be: a sentence that names the place.</exception>
    public static LarderYaml Read(BinaryData yaml)
    {
        try
        {
            return YamlJson.Read(yaml) is { } node ? Schema.Read(Encoding.UTF8.GetBytes(node.ToJsonString())) : new LarderYaml();
        }
        catch (InvalidRequestException e)
        {
            throw new InvalidRequestException($"{ModelArchive.Manifest} cannot be used: {e.Message}");
        }
    }
}
