using Larder.Inference;

namespace Larder.Registry;

/// <summary>
/// An archive that is taken in: planned, then its artifacts checked, then stored, then its models and schedules registered. Nothing is written before all
/// is checked; each step may be done again, and then finds what it has done.
/// </summary>
public sealed class RegistryImport
{
    private const int MostShown = 30;

    // All imports wait in one line for their models to be tried.
    private const string ImportCaller = "import";

    private readonly ImportReader reader;
    private readonly ImportedModelWriter writer;
    private readonly ImportDecisions decisions;
    private readonly IDocumentStore documents;
    private readonly IArtifactStore artifacts;
    private readonly StagingArea staging;
    private readonly ValidateModel validate;
    private readonly Func<Schedule, CancellationToken, Task<Schedule>> create;

    internal RegistryImport(
        ImportReader reader, ImportedModelWriter writer, ImportDecisions decisions, IDocumentStore documents, IArtifactStore artifacts, StagingArea staging, ValidateModel validate,
        Func<Schedule, CancellationToken, Task<Schedule>> create)
    {
        (this.reader, this.writer, this.decisions) = (reader, writer, decisions);
        (this.documents, this.artifacts, this.staging, this.validate, this.create) = (documents, artifacts, staging, validate, create);
    }

    /// <summary>Reads and checks all documents, and decides what becomes of each.</summary>
    /// <param name="selection">What is wanted.</param>
    /// <param name="check">Refuses schedules that can be none.</param>
    /// <param name="note">Told how many models were looked at.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="InvalidRequestException">A document cannot be used, or an artifact is missing: which.</exception>
    /// <exception cref="ConflictException">Something is here with other content, and that is not to be skipped: what.</exception>
    public async Task<ImportPlan> PlanAsync(ImportSelection selection, Action<Schedule> check, Func<int, Task> note, CancellationToken cancellation = default)
    {
        var (models, schedules, conflicts) = (new List<ImportedItem>(), new List<ImportedItem>(), new List<ImportedItem>());
        var needed = new SortedDictionary<string, ImportedArtifact>(StringComparer.Ordinal);
        foreach (var name in reader.Models.Where(selection.Models.Fit))
        {
            var archived = await reader.ReadModelAsync(name, cancellation);
            var (item, isConflict) = await decisions.DecideAsync(archived, selection.RestoreDeleted, cancellation);
            models.Add(item);
            if (isConflict)
                conflicts.Add(item);
            if (item.Outcome is ImportOutcome.Created or ImportOutcome.Restored)
                Need(needed, archived);
            await note(models.Count);
        }

        if (selection.Models.Unseen.FirstOrDefault() is { } missing)
            throw new InvalidRequestException($"The archive has no model {missing}.");
        foreach (var id in selection.WithSchedules ? reader.Schedules : [])
        {
            var archived = await reader.ReadScheduleAsync(id, cancellation);
            if (!selection.Models.Fit(archived.Job.Model))
                continue;
            ImportedModelRules.Explained(TransferFormat.ScheduleOf(id), () => check(archived.Schedule));
            var (item, isConflict) = await decisions.DecideAsync(archived, cancellation);
            schedules.Add(item);
            if (isConflict)
                conflicts.Add(item);
        }

        if (conflicts.Count > 0 && !selection.SkipConflicts)
            throw Refused(conflicts);
        foreach (var artifact in needed.Values)
            await RequireAsync(artifact, cancellation);
        return new ImportPlan(models, schedules, [.. needed.Values]);
    }

    /// <summary>Checks an artifact's bytes, and a model's as those of an upload.</summary>
    /// <param name="artifact">Which.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>What was learned about a model; null for another file.</returns>
    /// <exception cref="InvalidRequestException">It is not what it should be.</exception>
    /// <exception cref="TooLargeException">It is longer than it says.</exception>
    public async Task<ModelDescription?> CheckArtifactAsync(ImportedArtifact artifact, CancellationToken cancellation = default)
    {
        var isHere = await artifacts.TouchAsync(artifact.Sha256, cancellation);
        if (isHere && !artifact.IsModel)
            return null;
        await using var staged = await StageAsync(artifact, isHere, cancellation);
        try
        {
            return artifact.IsModel ? await validate(staged.Path, ImportCaller, cancellation) : null;
        }
        catch (InvalidModelException e)
        {
            throw new InvalidRequestException($"The model of {artifact.Of} cannot be served: {e.Message}");
        }
    }

    /// <summary>Stores an artifact, unless it is here.</summary>
    public async Task StoreArtifactAsync(ImportedArtifact artifact, CancellationToken cancellation = default)
    {
        if (await artifacts.TouchAsync(artifact.Sha256, cancellation))
            return;
        await using var staged = await StageAsync(artifact, isHere: false, cancellation);
        await artifacts.PutAsync(staged.Path, staged.Sha256, cancellation);
    }

    /// <summary>Makes a model visible, whole.</summary>
    /// <param name="planned">Which; it is created or restored.</param>
    /// <param name="describe">What <see cref="CheckArtifactAsync"/> learned about a model's artifact: the archive is not believed.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>What became of it.</returns>
    public async Task<ImportedItem> RegisterAsync(
        ImportedItem planned, Func<string, CancellationToken, Task<ModelDescription>> describe, CancellationToken cancellation = default)
    {
        var archived = await reader.ReadModelAsync(planned.Name, cancellation);
        var versions = new List<KeyValuePair<int, VersionDocument>>();
        foreach (var (number, document) in archived.Versions)
        {
            versions.Add(KeyValuePair.Create(number, document.Version is { } version
                ? document with { Version = version with { Onnx = await describe(version.Sha256, cancellation) } }
                : document));
        }

        return await writer.WriteAsync(archived with { Versions = versions }, planned, cancellation);
    }

    /// <summary>Makes a schedule.</summary>
    /// <param name="planned">Which; it is created.</param>
    /// <param name="prepare">Says when it runs first, or why it does not run.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>What became of it.</returns>
    public async Task<ImportedItem> RegisterScheduleAsync(
        ImportedItem planned, Func<Schedule, CancellationToken, Task<(Schedule Schedule, string? Reason)>> prepare, CancellationToken cancellation = default)
    {
        var archived = await reader.ReadScheduleAsync(planned.Name, cancellation);
        var (schedule, reason) = await prepare(archived.Schedule, cancellation);
        try
        {
            await create(schedule, cancellation);
        }
        catch (DocumentExistsException)
        {
            var here = await documents.GetAsync(ScheduleStore.Collection, schedule.Id, ScheduleStore.DocumentId, cancellation);
            if (here is null || !ImportDecisions.IsSame(archived, here.Value))
                return planned with { Outcome = ImportOutcome.Failed, Reason = "Somebody made another schedule of that id while the import ran." };
        }

        return planned with { Reason = reason };
    }

    private static void Need(SortedDictionary<string, ImportedArtifact> needed, ModelSnapshot archived)
    {
        foreach (var version in archived.Existing)
        {
            var of = $"{version.Model}:{version.Version}";
            Add(new ImportedArtifact(version.Sha256, version.SizeBytes, IsModel: true, of));
            foreach (var file in version.Files)
                Add(new ImportedArtifact(file.Sha256, file.SizeBytes, IsModel: false, of));
        }

        void Add(ImportedArtifact artifact)
        {
            if (needed.TryGetValue(artifact.Sha256, out var there) && there.SizeBytes != artifact.SizeBytes)
                throw new InvalidRequestException($"{there.Of} and {artifact.Of} do not agree on how many bytes the artifact {artifact.Sha256} has.");
            if (there is null || !there.IsModel)
                needed[artifact.Sha256] = artifact;
        }
    }

    private static ConflictException Refused(List<ImportedItem> conflicts)
    {
        var shown = string.Join("; ", conflicts.Take(MostShown).Select(conflict => $"{conflict.Name}: {conflict.Reason}"));
        var isOne = conflicts.Count == 1;
        return new ConflictException(
            $"{(isOne ? "One" : $"{conflicts.Count}")} of what the archive has {(isOne ? "conflicts" : "conflict")} with what is here, so nothing was imported (on_conflict skip would leave {(isOne ? "it" : "them")} out). {shown}{(conflicts.Count > MostShown ? " ..." : ".")}");
    }

    private async Task RequireAsync(ImportedArtifact artifact, CancellationToken cancellation)
    {
        var size = reader.SizeOf(artifact.Sha256) ?? (await artifacts.GetPropertiesAsync(artifact.Sha256, cancellation))?.SizeBytes
            ?? throw new InvalidRequestException($"The archive has no artifact {artifact.Sha256}, which {artifact.Of} names, and it is not stored here.");
        if (size != artifact.SizeBytes)
            throw new InvalidRequestException($"The artifact {artifact.Sha256} has {size} bytes, and {artifact.Of} says {artifact.SizeBytes}.");
    }

    private async Task<StagedFile> StageAsync(ImportedArtifact artifact, bool isHere, CancellationToken cancellation)
    {
        await using var content = isHere
            ? await artifacts.OpenReadAsync(artifact.Sha256, cancellation: cancellation) ?? throw new StorageUnavailableException("An artifact went while it was read.")
            : await reader.OpenArtifactAsync(artifact.Sha256, cancellation);
        var staged = await staging.AddAsync(content, $"artifact {artifact.Sha256}", artifact.SizeBytes, artifact.SizeBytes, cancellation);
        if (staged.Sha256 == artifact.Sha256 && staged.SizeBytes == artifact.SizeBytes)
            return staged;
        await staged.DisposeAsync();
        throw new InvalidRequestException($"The artifact {artifact.Sha256}, which {artifact.Of} names, has other bytes than its name promises: their SHA-256 is {staged.Sha256}.");
    }
}
