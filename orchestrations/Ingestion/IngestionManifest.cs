using Larder.Inference;
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
using Larder.Registry.Samples;
using Larder.Registry.Storage;
using Larder.Registry.Text;

namespace Larder.Orchestrations.Ingestion;

/// <summary>
/// What is known of a model that arrives, by drop or upload, beside its bytes. That of a job is kept in the job's files, where its steps read and complete it.
/// </summary>
public sealed record IngestionManifest
{
    private const string File = "arrival.json";
    private const long MaxBytes = 16 << 20;

    /// <summary><see cref="JobInput.Name"/> of a model.</summary>
    public const string ModelInput = "model";

    /// <summary><see cref="JobInput.Name"/> of an archive with one.</summary>
    public const string ArchiveInput = "archive";

    /// <summary><see cref="Source"/> of what was sent, and not said to come from elsewhere.</summary>
    public const string Upload = "upload";

    /// <summary>As <see cref="PublishRequest.Source"/>.</summary>
    public required string Source { get; init; }

    /// <summary>As <see cref="PublishRequest.IdempotencyKey"/>; of a job not its id, so that a job that is run again makes no second version.</summary>
    public string? Once { get; init; }

    /// <summary>As <see cref="PublishRequest.Fingerprint"/>.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>As <see cref="PublishRequest.FileName"/>.</summary>
    public string? FileName { get; init; }

    /// <summary>As <see cref="PublishRequest.Description"/>.</summary>
    public string? Description { get; init; }

    /// <summary>As <see cref="PublishRequest.ModelDescription"/>.</summary>
    public string? ModelDescription { get; init; }

    /// <summary>As <see cref="PublishRequest.Tags"/>.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    /// <summary>As <see cref="PublishRequest.Metrics"/>.</summary>
    public IReadOnlyDictionary<string, double> Metrics { get; init; } = new Dictionary<string, double>();

    /// <summary>Aliases that are moved to the version once it is published.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>As <see cref="PublishRequest.Labels"/>; null takes what the file says.</summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>As <see cref="PublishRequest.Features"/>.</summary>
    public IReadOnlyList<Feature>? Features { get; init; }

    /// <summary>As <see cref="PublishRequest.Files"/>.</summary>
    public IReadOnlyList<VersionFile> Files { get; init; } = [];

    /// <summary>As <see cref="PublishRequest.Samples"/>.</summary>
    public IReadOnlyList<GoldenSample>? Samples { get; init; }

    /// <summary>As <see cref="PublishRequest.SampleTolerance"/>.</summary>
    public SampleTolerance? SampleTolerance { get; init; }

    /// <summary>As <see cref="PublishRequest.Force"/>.</summary>
    public bool Force { get; init; }

    /// <summary>As <see cref="PublishRequest.Settings"/>.</summary>
    public ModelSettings? Settings { get; init; }

    /// <summary>As <see cref="PublishRequest.Image"/>.</summary>
    public ImageSettings? Image { get; init; }

    /// <summary>What to tell the sender beside the version.</summary>
    public string? Note { get; init; }

    /// <summary>The manifest of a blob whose content is not validated yet.</summary>
    internal static IngestionManifest Of(string path, string etag)
    {
        var source = $"blob:{IngestionContainer.Container}/{path}@{etag}";
        return new IngestionManifest
        {
            Source = source,
            Once = $"blob:{TextHash.Of(source)}",
            FileName = IngestedBlob.IsArchive(path) ? ModelArchive.Model : IngestedBlob.FileNameOf(path),
        };
    }

    /// <summary>Completed by what the archive says; what was said beside the archive counts first. The source of a blob is the blob: another one becomes a tag.</summary>
    /// <exception cref="InvalidRequestException">The archive's image settings would be beside whole settings.</exception>
    public IngestionManifest With(OpenedArchive archive)
    {
        var said = archive.Said;
        if (Settings is not null && said.Image is not null)
            throw new InvalidRequestException($"{ModelArchive.Manifest} has image settings, and the upload has settings, which are whole: give one of them.");
        var tags = new Dictionary<string, string>(said.Tags);
        if (Source != Upload && said.Source is { } source)
            tags["source"] = source;
        foreach (var (name, value) in Tags)
            tags[name] = value;
        return this with
        {
            Source = Source == Upload ? said.Source ?? Source : Source,
            FileName = ModelArchive.Model,
            Description = Description ?? said.Description,
            ModelDescription = ModelDescription ?? said.ModelDescription,
            Tags = tags,
            Aliases = [.. Aliases.Concat(said.AllAliases).Distinct()],
            Labels = Labels ?? said.Labels,
            Features = Features ?? said.Features,
            SampleTolerance = SampleTolerance ?? said.SampleTolerance,
            Image = said.Image,
            Metrics = archive.Metrics,
            Note = archive.Note,
        };
    }

    /// <summary>What comes with the version, for the job that publishes it.</summary>
    internal PublishRequest RequestOf(Job job) => RequestOf(job.Id, JobActor.Of(job));

    /// <summary>What comes with the version.</summary>
    /// <param name="job">The id of the job that publishes it; null without one.</param>
    /// <param name="actor">Who publishes it.</param>
    public PublishRequest RequestOf(string? job, string? actor) => new()
    {
        Source = Source,
        IdempotencyKey = Once,
        Fingerprint = Fingerprint,
        FileName = FileName,
        Job = job,
        Description = Description,
        ModelDescription = ModelDescription,
        Tags = Tags,
        Metrics = Metrics,
        Labels = Labels,
        Features = Features,
        Files = Files,
        Samples = Samples,
        SampleTolerance = SampleTolerance,
        Force = Force,
        Settings = Settings,
        Image = Image,
        Actor = actor,
    };

    /// <summary>Refuses what could not be published.</summary>
    /// <exception cref="InvalidRequestException">A sentence why.</exception>
    internal void Validate(Job job)
    {
        _ = ModelName.Parse(job.Model);
        Validate(job.Id, JobActor.Of(job));
    }

    /// <summary>Refuses what could not be published.</summary>
    /// <inheritdoc cref="RequestOf(string?, string?)"/>
    /// <exception cref="InvalidRequestException">A sentence why.</exception>
    public void Validate(string? job, string? actor)
    {
        RequestOf(job, actor).Validate();
        foreach (var alias in Aliases)
            ModelName.ValidateAlias(alias);
    }

    /// <summary>Moves the aliases to the version, once it is published.</summary>
    /// <returns>The model after it, and a sentence for each alias that did not move.</returns>
    public async Task<(Model Model, IReadOnlyList<string> Problems)> MoveAliasesAsync(ModelRegistry registry, Model model, int version, string? actor)
    {
        var problems = new List<string>();
        foreach (var alias in Aliases)
        {
            try
            {
                model = (await registry.SetAliasAsync(model.Name, alias, version, actor: actor, cancellationToken: CancellationToken.None)).Model;
            }
            catch (LarderException e) when (e.IsPermanent)
            {
                problems.Add($"The alias {alias} did not move: {e.Message}");
            }
        }

        return (model, problems);
    }

    internal Task WriteAsync(JobFiles files, string job, CancellationToken cancellationToken) =>
        files.WriteAsync(job, File, BinaryData.FromObjectAsJson(this, RegistryJson.Options), cancellationToken);

    internal static async Task<IngestionManifest> ReadAsync(JobFiles files, string job, CancellationToken cancellationToken) =>
        await files.ReadAsync(job, File, MaxBytes, cancellationToken) is { } stored
            ? stored.ToObjectFromJson<IngestionManifest>(RegistryJson.Options)!
            : throw new NotFoundException($"The files of the job {job} are not there any more.");
}
