using System.Text.Json.Serialization;
using Larder.Inference.Sessions;
using Larder.Inference.Signatures;
using Larder.Registry.Samples;

namespace Larder.Registry.Models;

/// <summary>An immutable, numbered artifact of a model.</summary>
public sealed record ModelVersion
{
    /// <summary><see cref="Kind"/> of a model as it was made.</summary>
    public const string ModelKind = "model";

    /// <summary><see cref="Kind"/> of what ONNX Runtime made of another version.</summary>
    public const string OptimizedKind = "optimized";

    /// <summary><see cref="Kind"/> of a model of another framework: its folder is kept and can be downloaded, and it takes no predictions.</summary>
    public const string OtherKind = "other";

    /// <summary>The model's name.</summary>
    public required ModelName Model { get; init; }

    /// <summary>1, 2, 3 ... within the model; never given twice.</summary>
    public required int Version { get; init; }

    /// <summary>Only a READY version is served.</summary>
    public required ModelVersionStatus Status { get; init; }

    /// <summary>SHA-256 of the artifact, or of the manifest, 64 lower-case hexadecimal digits.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Size of the artifact, or of all files of the manifest, in bytes.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>The files of a model of several, the one that is loaded first, each an artifact; null for a model of one file.</summary>
    public IReadOnlyList<ModelFile>? Manifest { get; init; }

    /// <summary>What the file was called where it came from, without folders.</summary>
    public string? FileName { get; init; }

    /// <summary>Free text; empty when there is none.</summary>
    public string Description { get; init; } = "";

    /// <summary>Free labels.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    /// <summary>Where it came from: <c>upload</c>, a blob drop, a training job, a run.</summary>
    public required string Source { get; init; }

    /// <summary>What validation learned about the file: signature, opsets, producer.</summary>
    public required ModelDescription Onnx { get; init; }

    /// <summary><c>model</c>; <c>optimized</c> for ONNX Runtime's optimised graph of another version; <c>other</c> for a model of another framework.</summary>
    public string Kind { get; init; } = ModelKind;

    /// <summary>Id of the job that made it. The job may be deleted since.</summary>
    public string? Job { get; init; }

    /// <summary>Id of the run of tracking/ whose artifact it is. The run may be deleted since.</summary>
    public string? Run { get; init; }

    /// <summary>Where a client of MLflow says that the run can be looked at. Nothing here follows it.</summary>
    public string? RunLink { get; init; }

    /// <summary>Of an optimised version: the one that it was made from. It may be deleted since.</summary>
    public int? OptimizedFrom { get; init; }

    /// <summary>The optimised version that was made from it. It may be deleted since.</summary>
    public int? OptimizedTo { get; init; }

    /// <summary>Measured qualities by name.</summary>
    public IReadOnlyDictionary<string, double> Metrics { get; init; } = new Dictionary<string, double>();

    /// <summary>Names of the classes that its outputs count, in their order; empty without class names.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>The columns of its only input, in their order; empty where they have no names.</summary>
    public IReadOnlyList<Feature> Features { get; init; } = [];

    /// <summary>What came with it: its card, samples.</summary>
    public IReadOnlyList<VersionFile> Files { get; init; } = [];

    /// <summary>The folder that it was published from, by the paths in it: the model itself too, and what describes it for other programs. Null where it came alone.</summary>
    public IReadOnlyList<VersionFile>? Folder { get; init; }

    /// <summary>How far its outputs may be from those of its samples.</summary>
    public SampleTolerance SampleTolerance { get; init; } = new();

    /// <summary>The last comparison with its samples; null before the first.</summary>
    public SampleCheck? SampleCheck { get; init; }

    /// <summary>When it was published.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>When what describes it was last changed; null while it is as it was published.</summary>
    public DateTimeOffset? Updated { get; init; }

    /// <summary>Who published it, where that is known.</summary>
    public string? CreatedBy { get; init; }

    /// <summary>SHA-256 of every artifact that it needs; some may be there twice.</summary>
    internal IEnumerable<string> Artifacts => (Manifest?.Select(file => file.Sha256) ?? (IsServable ? [Sha256] : [])).Concat(Files.Concat(Folder ?? []).Select(file => file.Sha256));

    /// <summary>Whether it can take predictions at all: whether it is an ONNX model.</summary>
    [JsonIgnore]
    public bool IsServable => Kind != OtherKind;

    /// <summary>Whether an unversioned request gets it while it is the newest and no default is set.</summary>
    internal bool IsDefaultByItself => Status == ModelVersionStatus.Ready && Kind is not (OptimizedKind or OtherKind);

    /// <summary>Why a version that is not <see cref="IsServable"/> takes no predictions, and what to do.</summary>
    internal string NotServable =>
        $"Version {Version} of {Model} is a model of another framework ({Onnx.Producer}), which is kept here and takes no predictions: convert it to ONNX (docs/onnx.md), and register or upload that.";

    /// <summary><see cref="Onnx"/> of a model that is none.</summary>
    /// <param name="flavors">What it is instead, as <c>sklearn</c>.</param>
    internal static ModelDescription Undescribed(string? flavors) =>
        new() { Signature = new ModelSignature([], []), IrVersion = 0, Opsets = new Dictionary<string, long>(), Producer = flavors };
}

/// <summary>Whether a version can be served.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ModelVersionStatus>))]
public enum ModelVersionStatus
{
    /// <summary>On its way.</summary>
    [JsonStringEnumMemberName("PENDING")] Pending,

    /// <summary>Complete, validated and hashed.</summary>
    [JsonStringEnumMemberName("READY")] Ready,

    /// <summary>It will never be served.</summary>
    [JsonStringEnumMemberName("FAILED")] Failed,
}

/// <summary>A file that came with a version, stored as an artifact.</summary>
/// <param name="Name">What it is called: <see cref="Card"/>, <see cref="SampleInputs"/>, <see cref="SampleOutputs"/>; in a folder, its path.</param>
/// <param name="Sha256">SHA-256 of its bytes.</param>
/// <param name="SizeBytes">Its size in bytes.</param>
public sealed record VersionFile(string Name, string Sha256, long SizeBytes)
{
    /// <summary>The model card, as Markdown.</summary>
    public const string Card = "README.md";

    /// <summary>The body of a prediction to try the model with, as JSON; with <see cref="SampleOutputs"/> also a list of bodies.</summary>
    public const string SampleInputs = "sample_inputs.json";

    /// <summary>The outputs that are expected for <see cref="SampleInputs"/>, as answers have them.</summary>
    public const string SampleOutputs = "sample_outputs.json";

    private const int MaxPath = 1024;

    /// <summary>Whether a text is the path of a file in a <see cref="ModelVersion.Folder"/>: relative, with forward slashes, without empty parts, <c>.</c>, <c>..</c>, backslashes and control characters.</summary>
    public static bool IsPath(string? path) =>
        path is { Length: > 0 and <= MaxPath } && !path.Any(c => char.IsControl(c) || c == '\\') && path.Split('/').All(part => part is not ("" or "." or ".."));

    /// <summary>Whether files have samples with expected outputs.</summary>
    public static bool HaveSamples(IReadOnlyList<VersionFile> files) => files.Any(file => file.Name == SampleOutputs) && files.Any(file => file.Name == SampleInputs);
}
