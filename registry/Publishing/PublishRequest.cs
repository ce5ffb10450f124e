using Larder.Inference.Settings;
using Larder.Inference.Signatures;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Samples;
using Larder.Registry.Text;

namespace Larder.Registry.Publishing;

/// <summary>What comes with a model's file.</summary>
public sealed record PublishRequest
{
    /// <summary>Where the file comes from: <c>upload</c>, a blob drop, a training job, a run.</summary>
    public required string Source { get; init; }

    /// <summary>What the file was called; folders are dropped.</summary>
    public string? FileName { get; init; }

    /// <summary><c>model</c>, <c>optimized</c> or <c>other</c>.</summary>
    public string Kind { get; init; } = ModelVersion.ModelKind;

    /// <summary>Id of the job that publishes it.</summary>
    public string? Job { get; init; }

    /// <summary>Id of the run whose artifact it is.</summary>
    public string? Run { get; init; }

    /// <summary>As <see cref="ModelVersion.RunLink"/>.</summary>
    public string? RunLink { get; init; }

    /// <summary>Of an optimised version: the one that it was made from.</summary>
    public int? OptimizedFrom { get; init; }

    /// <summary>Measured qualities by name.</summary>
    public IReadOnlyDictionary<string, double>? Metrics { get; init; }

    /// <summary>
    /// A key, 1 to 255 printable characters, under which the model gets one version however often it is published: every repetition, after a crash
    /// at any moment or at the same time, gets that same version.
    /// </summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>A hash of all that comes with the key, where a caller has chosen the key: another publication under it is refused.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>Description of the version.</summary>
    public string? Description { get; init; }

    /// <summary>Tags of the version.</summary>
    public IReadOnlyDictionary<string, string>? Tags { get; init; }

    /// <summary>Names of the classes that the version's outputs count, in their order.</summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>The columns of the version's only input, in their order; null takes what the file's metadata says.</summary>
    public IReadOnlyList<Feature>? Features { get; init; }

    /// <summary>The samples of the version; null takes those of <see cref="Files"/>.</summary>
    public IReadOnlyList<GoldenSample>? Samples { get; init; }

    /// <summary>What comes with the model, stored as artifacts already: its card, samples (<see cref="SampleStore"/>).</summary>
    public IReadOnlyList<VersionFile>? Files { get; init; }

    /// <summary>As <see cref="ModelVersion.Folder"/>; its files are stored already.</summary>
    public IReadOnlyList<VersionFile>? Folder { get; init; }

    /// <summary>How far the version's outputs may be from those of its samples; null for the usual tolerance.</summary>
    public SampleTolerance? SampleTolerance { get; init; }

    /// <summary>Publishes a version that becomes the default also when its outputs are not those of its samples.</summary>
    public bool Force { get; init; }

    /// <summary>The comparison with the samples.</summary>
    internal SampleCheck? SampleCheck { get; init; }

    /// <summary>New description of the model; null leaves it as it is.</summary>
    public string? ModelDescription { get; init; }

    /// <summary>New owner of the model; null leaves it as it is.</summary>
    public string? Owner { get; init; }

    /// <summary>New settings of the model, whole; null leaves them as they are.</summary>
    public ModelSettings? Settings { get; init; }

    /// <summary>New image settings of the model; null leaves them as they are.</summary>
    public ImageSettings? Image { get; init; }

    /// <summary>The caller, for the audit log.</summary>
    public string? Actor { get; init; }

    /// <summary>What changes of the model in the write that makes the version visible.</summary>
    internal ModelPatch ModelPatch => new() { Description = ModelDescription, Owner = Owner, Settings = Settings, Image = Image };

    /// <summary>Refuses what cannot be published, before there is a file.</summary>
    /// <exception cref="InvalidRequestException">A text, a tag or a metric is not allowed.</exception>
    public void Validate()
    {
        FieldLimits.ValidateSource(Source);
        FieldLimits.ValidateShort(FieldLimits.FileName(FileName), "file name");
        FieldLimits.ValidateShort(Actor, "actor");
        FieldLimits.ValidateDescription(Description);
        FieldLimits.ValidateTags(Tags);
        FieldLimits.ValidateShort(Job, "job");
        FieldLimits.ValidateShort(Run, "run");
        FieldLimits.ValidateLink(RunLink, "run_link");
        FieldLimits.ValidateMetrics(Metrics);
        FieldLimits.ValidateLabels(Labels);
        FieldLimits.ValidateFeatures(Features);
        SampleTolerance?.Validate();
        if (IdempotencyKey is not null)
            FieldLimits.ValidateKey(IdempotencyKey, "key of a publication");
        if (Kind is not (ModelVersion.ModelKind or ModelVersion.OptimizedKind or ModelVersion.OtherKind))
            throw new InvalidRequestException($"The kind must be {ModelVersion.ModelKind}, {ModelVersion.OptimizedKind} or {ModelVersion.OtherKind}; it is {Quoted.Text(Kind)}.");
        ModelPatch.Validate();
    }

    /// <summary>Refuses what does not fit the model.</summary>
    /// <exception cref="InvalidRequestException">Features are not its columns, or settings cannot work with it.</exception>
    internal void CheckFits(ModelDescription description)
    {
        FeatureRules.Check(Features ?? [], description.Signature);
        ModelPatch.CheckFits(description);
    }
}
