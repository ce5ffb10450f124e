using Larder.Inference;
using Larder.Inference.Signatures;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Larder.Registry.Schedules;
using Larder.Registry.Storage;

namespace Larder.Registry.Backup;

/// <summary>
/// An archive that is taken in: planned, then its artifacts checked, then stored, then its models and schedules registered. Nothing is written before all
/// is checked; each step may be done again, and then finds what it has done.
/// </summary>
public sealed class RegistryImport
{
    private const int MostShown = 30;

    // All imports wait in one line for their models to be tried.
    private const string ImportCaller = "import";

    private readonly ImportReader _reader;
    private readonly ImportedModelWriter _writer;
    private readonly ImportDecisions _decisions;
    private readonly IDocumentStore _documents;
    private readonly IArtifactStore _artifacts;
    private readonly StagingArea _staging;
    private readonly ValidateModel _validate;
    private readonly Func<Schedule, CancellationToken, Task<Schedule>> _create;

    internal RegistryImport(
        ImportReader reader, ImportedModelWriter writer, ImportDecisions decisions, IDocumentStore documents, IArtifactStore artifacts, StagingArea staging, ValidateModel validate,
        Func<Schedule, CancellationToken, Task<Schedule>> create)
    {
        (_reader, _writer, _decisions) = (reader, writer, decisions);
        (_documents, _artifacts, _staging, _validate, _create) = (documents, artifacts, staging, validate, create);
    }

    /// <summary>Reads and checks all documents, and decides what becomes of each.</summary>
    /// <param name="selection">What is wanted.</param>
    /// <param name="check">Refuses schedules that can be none.</param>
    /// <param name="note">Told how many models were looked at.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="InvalidRequestException">A document cannot be used, or an artifact is missing: which.</exception>
    /// <exception cref="ConflictException">Something is here with other content, and that is not to be skipped: what.</exception>
    public async Task<ImportPlan> PlanAsync(ImportSelection selection, Action<Schedule> check, Func<int, Task> note, CancellationToken cancellationToken = default)
    {
        var (models, schedules, conflicts) = (new List<ImportedItem>(), new List<ImportedItem>(), new List<ImportedItem>());
        var needed = new SortedDictionary<string, ImportedArtifact>(StringComparer.Ordinal);
        var manifests = new SortedDictionary<string, ImportedManifest>(StringComparer.Ordinal);
        foreach (var name in _reader.Models.Where(selection.Models.Matches))
        {
            var archived = await _reader.ReadModelAsync(name, cancellationToken);
            var (item, isConflict) = await _decisions.DecideAsync(archived, selection.RestoreDeleted, cancellationToken);
            models.Add(item);
            if (isConflict)
                conflicts.Add(item);
            if (item.Outcome is ImportOutcome.Created or ImportOutcome.Restored)
                Need(needed, manifests, archived);
            await note(models.Count);
        }

        if (selection.Models.Unmatched.FirstOrDefault() is { } missing)
            throw new InvalidRequestException($"The archive has no model {missing}.");
        foreach (var id in selection.WithSchedules ? _reader.Schedules : [])
        {
            var archived = await _reader.ReadScheduleAsync(id, cancellationToken);
            if (!selection.Models.Matches(archived.Job.Model))
                continue;
            ImportedModelRules.Explained(BackupFormat.ScheduleOf(id), () => check(archived.Schedule));
            var (item, isConflict) = await _decisions.DecideAsync(archived, cancellationToken);
            schedules.Add(item);
            if (isConflict)
                conflicts.Add(item);
        }

        if (conflicts.Count > 0 && !selection.SkipConflicts)
            throw Refused(conflicts);
        foreach (var artifact in needed.Values)
            await RequireAsync(artifact, cancellationToken);
        return new ImportPlan(models, schedules, [.. needed.Values]) { Manifests = [.. manifests.Values] };
    }

    /// <summary>Checks an artifact's bytes, and a model's as those of an upload.</summary>
    /// <param name="artifact">Which.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>What was learned about a model; null for another file.</returns>
    /// <exception cref="InvalidRequestException">It is not what it should be.</exception>
    /// <exception cref="TooLargeException">It is longer than it says.</exception>
    public async Task<ModelDescription?> CheckArtifactAsync(ImportedArtifact artifact, CancellationToken cancellationToken = default)
    {
        var isHere = await _artifacts.TouchAsync(artifact.Sha256, cancellationToken);
        if (isHere && !artifact.IsModel)
            return null;
        await using var staged = await StageAsync(artifact, isHere, cancellationToken);
        return artifact.IsModel ? await DescribeAsync(staged, artifact.Of, cancellationToken) : null;
    }

    /// <summary>Checks a model of several files, whose artifacts are checked already.</summary>
    /// <returns>What was learned about it.</returns>
    /// <inheritdoc cref="CheckArtifactAsync"/>
    /// <param name="manifest">Which.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public async Task<ModelDescription> CheckManifestAsync(ImportedManifest manifest, CancellationToken cancellationToken = default)
    {
        var artifacts = manifest.Files.ToDictionary(file => file.Name, file => new ImportedArtifact(file.Sha256, file.SizeBytes, IsModel: false, manifest.Of));
        var first = manifest.Files[0];
        await using var model = await StageAsync(artifacts[first.Name], await IsHereAsync(first.Sha256), cancellationToken);
        try
        {
            await using var staged = await _staging.AddDataAsync(
                model, first.Name, [.. manifest.Files.Skip(1).Select(file => file.Name)], OpenAsync, manifest.Files.Sum(file => file.SizeBytes), cancellationToken);
            if (!staged.Files.SequenceEqual(manifest.Files))
                throw new InvalidRequestException($"The files of {manifest.Of} are not those that its manifest says.");
            return await DescribeAsync(staged, manifest.Of, cancellationToken);
        }
        catch (InvalidModelException e)
        {
            throw new InvalidRequestException($"The model of {manifest.Of} cannot be served: {e.Message}");
        }

        async Task<bool> IsHereAsync(string sha256) => await _artifacts.GetPropertiesAsync(sha256, cancellationToken) is not null;

        async Task<Stream?> OpenAsync(string name, CancellationToken stop) => await OpenArtifactAsync(artifacts[name], await IsHereAsync(artifacts[name].Sha256), stop);
    }

    /// <summary>Stores an artifact, unless it is here.</summary>
    public async Task StoreArtifactAsync(ImportedArtifact artifact, CancellationToken cancellationToken = default)
    {
        if (await _artifacts.TouchAsync(artifact.Sha256, cancellationToken))
            return;
        await using var staged = await StageAsync(artifact, isHere: false, cancellationToken);
        await _artifacts.PutAsync(staged.Path, staged.Sha256, cancellationToken);
    }

    /// <summary>Makes a model visible, whole.</summary>
    /// <param name="planned">Which; it is created or restored.</param>
    /// <param name="describe">What <see cref="CheckArtifactAsync"/> learned about a model's artifact: the archive is not believed.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>What became of it.</returns>
    public async Task<ImportedItem> RegisterAsync(
        ImportedItem planned, Func<string, CancellationToken, Task<ModelDescription>> describe, CancellationToken cancellationToken = default)
    {
        var archived = await _reader.ReadModelAsync(planned.Name, cancellationToken);
        var versions = new List<KeyValuePair<int, VersionDocument>>();
        foreach (var (number, document) in archived.Versions)
        {
            versions.Add(KeyValuePair.Create(number, document.Version is { } version
                ? document with { Version = version with { Onnx = version.IsServable ? await describe(version.Sha256, cancellationToken) : ModelVersion.Undescribed(version.Onnx.Producer) } }
                : document));
        }

        return await _writer.WriteAsync(archived with { Versions = versions }, planned, cancellationToken);
    }

    /// <summary>Makes a schedule.</summary>
    /// <param name="planned">Which; it is created.</param>
    /// <param name="prepare">Says when it runs first, or why it does not run.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>What became of it.</returns>
    public async Task<ImportedItem> RegisterScheduleAsync(
        ImportedItem planned, Func<Schedule, CancellationToken, Task<(Schedule Schedule, string? Reason)>> prepare, CancellationToken cancellationToken = default)
    {
        var archived = await _reader.ReadScheduleAsync(planned.Name, cancellationToken);
        var (schedule, reason) = await prepare(archived.Schedule, cancellationToken);
        try
        {
            await _create(schedule, cancellationToken);
        }
        catch (DocumentExistsException)
        {
            var here = await _documents.GetAsync(ScheduleStore.Collection, schedule.Id, ScheduleStore.DocumentId, cancellationToken);
            if (here is null || !ImportDecisions.IsSame(archived, here.Value))
                return planned with { Outcome = ImportOutcome.Failed, Reason = "Another schedule of that id was created while the import ran." };
        }

        return planned with { Reason = reason };
    }

    private static void Need(SortedDictionary<string, ImportedArtifact> needed, SortedDictionary<string, ImportedManifest> manifests, ModelSnapshot archived)
    {
        foreach (var version in archived.Existing)
        {
            var of = $"{version.Model}:{version.Version}";
            if (version.Manifest is { } files)
                manifests[version.Sha256] = new ImportedManifest(version.Sha256, files, of);
            else if (version.IsServable)
                Add(new ImportedArtifact(version.Sha256, version.SizeBytes, IsModel: true, of));
            foreach (var file in version.Manifest ?? [])
                Add(new ImportedArtifact(file.Sha256, file.SizeBytes, IsModel: false, of));
            foreach (var file in version.Files.Concat(version.Folder ?? []))
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

    private async Task RequireAsync(ImportedArtifact artifact, CancellationToken cancellationToken)
    {
        var size = _reader.SizeOf(artifact.Sha256) ?? (await _artifacts.GetPropertiesAsync(artifact.Sha256, cancellationToken))?.SizeBytes
            ?? throw new InvalidRequestException($"The archive has no artifact {artifact.Sha256}, which {artifact.Of} names, and it is not stored here.");
        if (size != artifact.SizeBytes)
            throw new InvalidRequestException($"The artifact {artifact.Sha256} has {size} bytes, and {artifact.Of} says {artifact.SizeBytes}.");
    }

    private async Task<ModelDescription> DescribeAsync(StagedFile staged, string of, CancellationToken cancellationToken)
    {
        try
        {
            return await _validate(staged, ImportCaller, cancellationToken);
        }
        catch (InvalidModelException e)
        {
            throw new InvalidRequestException($"The model of {of} cannot be served: {e.Message}");
        }
    }

    private async Task<Stream> OpenArtifactAsync(ImportedArtifact artifact, bool isHere, CancellationToken cancellationToken) => isHere
        ? await _artifacts.OpenReadAsync(artifact.Sha256, cancellationToken: cancellationToken) ?? throw new StorageUnavailableException("An artifact went while it was read.")
        : await _reader.OpenArtifactAsync(artifact.Sha256, cancellationToken);

    private async Task<StagedFile> StageAsync(ImportedArtifact artifact, bool isHere, CancellationToken cancellationToken)
    {
        await using var content = await OpenArtifactAsync(artifact, isHere, cancellationToken);
        var staged = await _staging.AddAsync(content, $"artifact {artifact.Sha256}", artifact.SizeBytes, artifact.SizeBytes, cancellationToken);
        if (staged.Sha256 == artifact.Sha256 && staged.SizeBytes == artifact.SizeBytes)
            return staged;
        await staged.DisposeAsync();
        throw new InvalidRequestException($"The artifact {artifact.Sha256}, which {artifact.Of} names, has other bytes than its name promises: their SHA-256 is {staged.Sha256}.");
    }
}
