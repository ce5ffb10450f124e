using Larder.Inference.Settings;
using Larder.Inference.Signatures;
using Larder.Orchestrations.Ingestion.Archives;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Errors;
using Larder.Registry.Ingestion;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Larder.Registry.Storage;
using Larder.Registry.Text;

namespace Larder.Orchestrations.Ingestion;

/// <summary>
/// What is known of a model that arrives, by drop or upload, beside its bytes: kept in the job's files, where its steps read and complete it.
/// </summary>
internal sealed record IngestionManifest
{
    private const string File = "arrival.json";
    private const long MaxBytes = 16 << 20;

    /// <summary><see cref="JobInput.Name"/> of a model.</summary>
    public const string ModelInput = "model";

    /// <summary><see cref="JobInput.Name"/> of an archive with one.</summary>
    public const string ArchiveInput = "archive";

    public required string Source { get; init; }

    /// <summary>As <see cref="PublishRequest.IdempotencyKey"/>: not the job's id, so that a job that is run again makes no second version.</summary>
    public required string Once { get; init; }

    public string? FileName { get; init; }

    public string? Description { get; init; }

    public string? ModelDescription { get; init; }

    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    public IReadOnlyDictionary<string, double> Metrics { get; init; } = new Dictionary<string, double>();

    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>As <see cref="PublishRequest.Labels"/>; null takes what the file says.</summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>As <see cref="PublishRequest.Features"/>.</summary>
    public IReadOnlyList<Feature>? Features { get; init; }

    public IReadOnlyList<VersionFile> Files { get; init; } = [];

    public ModelSettings? Settings { get; init; }

    public ImageSettings? Image { get; init; }

    /// <summary>The manifest of a blob whose content is not validated yet.</summary>
    public static IngestionManifest Of(string path, string etag)
    {
        var source = $"blob:{IngestionContainer.Container}/{path}@{etag}";
        return new IngestionManifest
        {
            Source = source,
            Once = $"blob:{TextHash.Of(source)}",
            FileName = IngestedBlob.IsArchive(path) ? ModelArchive.Model : IngestedBlob.FileNameOf(path),
        };
    }

    /// <summary>What comes with the version, for the job that publishes it.</summary>
    public PublishRequest RequestOf(Job job) => new()
    {
        Source = Source,
        IdempotencyKey = Once,
        FileName = FileName,
        Job = job.Id,
        Description = Description,
        ModelDescription = ModelDescription,
        Tags = Tags,
        Metrics = Metrics,
        Labels = Labels,
        Features = Features,
        Files = Files,
        Settings = Settings,
        Image = Image,
        Actor = JobActor.Of(job),
    };

    /// <summary>Refuses what could not be published.</summary>
    /// <exception cref="InvalidRequestException">A sentence why.</exception>
    public void Validate(Job job)
    {
        _ = ModelName.Parse(job.Model);
        RequestOf(job).Validate();
        foreach (var alias in Aliases)
            ModelName.ValidateAlias(alias);
    }

    public Task WriteAsync(JobFiles files, string job, CancellationToken cancellationToken) =>
        files.WriteAsync(job, File, BinaryData.FromObjectAsJson(this, RegistryJson.Options), cancellationToken);

    public static async Task<IngestionManifest> ReadAsync(JobFiles files, string job, CancellationToken cancellationToken) =>
        await files.ReadAsync(job, File, MaxBytes, cancellationToken) is { } stored
            ? stored.ToObjectFromJson<IngestionManifest>(RegistryJson.Options)!
            : throw new NotFoundException($"The files of the job {job} are not there any more.");
}
