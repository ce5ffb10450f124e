using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Larder.Inference.Settings;
using Larder.Inference.Signatures;
using Larder.Orchestrations.Ingestion;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Options;
using Larder.Registry.Jobs;

namespace Larder.Orchestrations.Uploads;

/// <summary>The jobs that take uploads in: <see cref="ReceiveUpload"/>, told by <see cref="UploadOptions"/>.</summary>
public sealed class UploadJob : IJobType
{
    /// <summary>The type's name.</summary>
    public const string Type = "upload";

    /// <inheritdoc/>
    public string Name => Type;

    /// <inheritdoc/>
    public string Orchestrator => OrchestrationNames.ReceiveUpload;

    /// <inheritdoc/>
    public JobRoles Roles => JobRoles.Contributors;

    /// <inheritdoc/>
    public string NotScheduled =>
        "What was uploaded in blocks is taken in once, and then gone. Schedule ingest, which takes a file of the container uploads in each time that it has changed.";

    /// <inheritdoc/>
    public object InputOf(Job job) => job.Id;

    /// <inheritdoc/>
    public void Check(Job job)
    {
        // The job's steps check the upload.
    }

    /// <summary>The manifest of an upload whose content is not validated yet.</summary>
    internal static IngestionManifest ArrivalOf(UploadOptions options, string? fileName) => new()
    {
        Source = options.Source,
        Once = $"upload:{options.Upload}",
        FileName = fileName,
        Description = options.Description,
        ModelDescription = options.ModelDescription,
        Tags = options.Tags,
        Aliases = options.Alias is { } alias ? [.. options.Aliases, alias] : options.Aliases,
        Labels = options.Labels,
        Features = options.Features,
        Settings = options.Settings,
    };
}

/// <summary>What completes an upload: the hash of what was uploaded, and what a direct upload has too.</summary>
public sealed record UploadOptions
{
    /// <summary>The published JSON Schema, with which requests are read.</summary>
    public static OptionSchema<UploadOptions> Schema { get; } = new();

    /// <summary>The upload.</summary>
    [Description("Id of the upload. The path has it; it need not be repeated."), RegularExpression("^[0-9a-z]{16}$")]
    public string? Upload { get; init; }

    /// <summary>SHA-256 of all bytes.</summary>
    [Description("SHA-256 of the whole file, in hexadecimal digits."), RegularExpression("^[0-9A-Fa-f]{64}$")]
    public required string Sha256 { get; init; }

    /// <summary>How many bytes there are.</summary>
    [Description("Bytes of the whole file, when they are to be checked too."), Range(1, long.MaxValue)]
    public long? SizeBytes { get; init; }

    /// <summary>Description of the version.</summary>
    [Description("Description of the version."), StringLength(32_768)]
    public string? Description { get; init; }

    /// <summary>Description of the model.</summary>
    [Description("New description of the model."), StringLength(32_768)]
    public string? ModelDescription { get; init; }

    /// <summary>Tags of the version.</summary>
    [Description("Tags of the version."), MaxLength(100)]
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    /// <summary>Where it comes from.</summary>
    [Description("Where the model comes from."), StringLength(256)]
    public string Source { get; init; } = IngestionManifest.Upload;

    /// <summary>Aliases to move.</summary>
    [Description("Aliases that are moved to the version."), MaxLength(20)]
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>An alias to move.</summary>
    [Description("An alias that is moved to the version, as one of aliases."), StringLength(100, MinimumLength = 1)]
    public string? Alias { get; init; }

    /// <summary>Names of the classes.</summary>
    [Description("Names of the classes that the outputs count, in their order. By default what the file's metadata says."), MaxLength(100_000)]
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>Columns of the only input.</summary>
    [Description("Columns of the model's only input, in their order: names, or objects with name, type, unit, missing and default. By default what the file's metadata says."), MaxLength(10_000)]
    public IReadOnlyList<Feature>? Features { get; init; }

    /// <summary>How the model is served.</summary>
    [Description("New settings of the model, whole.")]
    public ModelSettings? Settings { get; init; }
}
