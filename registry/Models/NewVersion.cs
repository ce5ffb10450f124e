using Larder.Registry.Publishing;
using Larder.Registry.Text;

namespace Larder.Registry.Models;

/// <summary>A version that is to be published: all of it but its number and time, which <see cref="VersionPublisher"/> gives it.</summary>
/// <param name="Model">Name of the model, validated.</param>
/// <param name="Artifact">The model's file, validated and stored.</param>
/// <param name="Request">What comes with the file, validated.</param>
internal sealed record NewVersion(ModelName Model, ValidatedArtifact Artifact, PublishRequest Request)
{
    /// <summary>Hash of the key under which it is published once; null without a key.</summary>
    public string? KeyHash { get; } = Request.IdempotencyKey is { } key ? TextHash.Of(key) : null;

    /// <summary>The version under a number.</summary>
    public ModelVersion Numbered(int number, DateTimeOffset created) => new()
    {
        Model = Model,
        Version = number,
        Status = ModelVersionStatus.Ready,
        Sha256 = Artifact.Sha256,
        SizeBytes = Artifact.SizeBytes,
        Manifest = Artifact.Files.Count > 0 ? Artifact.Files : null,
        FileName = FieldLimits.FileName(Request.FileName),
        Description = Request.Description ?? "",
        Tags = Request.Tags ?? new Dictionary<string, string>(),
        Source = Request.Source,
        Onnx = Artifact.Description,
        Kind = Request.Kind,
        Job = Request.Job,
        Run = Request.Run,
        RunLink = Request.RunLink,
        OptimizedFrom = Request.OptimizedFrom,
        Metrics = Request.Metrics ?? new Dictionary<string, double>(),
        Labels = Request.Labels ?? MetadataNames.LabelsOf(Artifact.Description),
        Features = Request.Features ?? MetadataNames.FeaturesOf(Artifact.Description),
        Files = Request.Files ?? [],
        Folder = Request.Folder,
        SampleTolerance = Request.SampleTolerance ?? new(),
        SampleCheck = Request.SampleCheck,
        Created = created,
        CreatedBy = Request.Actor,
    };
}
