using System.Text;
using Larder.Registry.Errors;
using Larder.Registry.Search;
using Larder.Registry.Storage;
using Larder.Tracking.Runs;

namespace Larder.Tracking.Experiments;

/// <summary>The experiments. Experiment 0, <c>Default</c>, is there from the beginning.</summary>
public sealed class ExperimentStore
{
    /// <summary>The id of the default experiment.</summary>
    public const string DefaultId = "0";

    private const string DefaultName = "Default";
    private const int MaxTagBytes = 1_000_000;

    // Longer than a request takes between a claim and what it is for.
    private static readonly TimeSpan ClaimLife = TimeSpan.FromMinutes(2);

    private static readonly ExperimentSchema Schema = new();

    private readonly IDocumentStore _documents;
    private readonly TimeProvider _time;
    private readonly DocumentUpdater<Experiment> _experiments;
    private readonly SearchIndex<Experiment, Experiment> _index;

    /// <summary>The experiments of a store.</summary>
    public ExperimentStore(IDocumentStore documents, TimeProvider time)
    {
        (_documents, _time) = (documents, time);
        _experiments = new DocumentUpdater<Experiment>(documents, TrackingCollections.Experiments);
        _index = new SearchIndex<Experiment, Experiment>(
            documents, TrackingCollections.Experiments, experiment => experiment.IsPurging ? null : experiment, experiment => experiment.Revision);
    }

    /// <summary>Creates an experiment.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="artifactLocation">Where its artifacts are; null for this server's own place.</param>
    /// <param name="tags">Its tags.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="ConflictException">There is one with the name, which may be deleted.</exception>
    /// <exception cref="InvalidRequestException">A value is not valid.</exception>
    public async Task<Experiment> CreateAsync(
        string name, string? artifactLocation, IReadOnlyDictionary<string, string> tags, CancellationToken cancellationToken = default)
    {
        TrackingRules.RequireExperimentName(name);
        foreach (var (key, value) in tags)
            TrackingRules.RequireExperimentTag(key, value, "");
        RequireRoom(tags);
        if (!string.IsNullOrEmpty(artifactLocation))
            TrackingRules.RequireArtifactLocation(artifactLocation);
        if (name == DefaultName)
            await GetDefaultAsync(cancellationToken);
        return await CreateAsync(RunId.NewExperiment(), name, artifactLocation, tags, cancellationToken);
    }

    /// <summary>An experiment, deleted or not.</summary>
    /// <exception cref="NotFoundException">There is none.</exception>
    public async Task<Experiment> GetAsync(string id, CancellationToken cancellationToken = default)
    {
        TrackingRules.RequireExperimentId(id);
        var read = await _documents.GetAsync(TrackingCollections.Experiments, TrackingCollections.AllExperiments, id, cancellationToken);
        if (read is { Value.IsPurging: false })
            return read.Value;
        return id == DefaultId && read is null ? await GetDefaultAsync(cancellationToken) : throw NotFound(id);
    }

    /// <summary>An experiment, deleted or not, by its name.</summary>
    /// <exception cref="NotFoundException">There is none.</exception>
    public async Task<Experiment> GetByNameAsync(string name, CancellationToken cancellationToken = default)
    {
        if (name == DefaultName)
            await GetDefaultAsync(cancellationToken);
        return await FindAsync(name, cancellationToken) ?? throw new NotFoundException($"Could not find experiment with name '{name}'");
    }

    /// <summary>The active experiment of a name, which is created or restored where it is not there.</summary>
    /// <exception cref="InvalidRequestException">The name is not valid.</exception>
    public async Task<Experiment> OpenAsync(string name, CancellationToken cancellationToken = default)
    {
        if (await FindAsync(name, cancellationToken) is null)
        {
            try
            {
                return await CreateAsync(name, artifactLocation: null, new Dictionary<string, string>(), cancellationToken);
            }
            catch (ConflictException)
            {
                // Another caller was first.
            }
        }
        var found = await GetByNameAsync(name, cancellationToken);
        if (!found.IsActive)
            await RestoreAsync(found.Id, cancellationToken);
        return found;
    }

    /// <summary>A page of experiments.</summary>
    /// <exception cref="InvalidRequestException">Filter, order or token is not valid.</exception>
    public async Task<Page<Experiment>> SearchAsync(
        string? filter, IReadOnlyList<string> orderBy, LifecycleView view, int limit, string? token, CancellationToken cancellationToken = default)
    {
        var query = new SearchQuery<Experiment>(Schema, filter, orderBy);
        var all = await _index.ItemsAsync(TrackingCollections.AllExperiments, cancellationToken);
        if (all.All(experiment => experiment.Id != DefaultId) && await FindDefaultAsync(cancellationToken) is { } made)
            all = [.. all, made];
        return query.Page(all.Where(experiment => view.Has(experiment.IsActive)), limit, token);
    }

    /// <summary>Gives an experiment another name.</summary>
    /// <exception cref="NotFoundException">There is no such experiment.</exception>
    /// <exception cref="ConflictException">Another one has the name.</exception>
    /// <exception cref="InvalidRequestException">It is deleted, or the name is not valid.</exception>
    public async Task RenameAsync(string id, string name, CancellationToken cancellationToken = default)
    {
        TrackingRules.RequireExperimentName(name);
        var before = await GetAsync(id, cancellationToken);
        RequireActive(before, "Cannot rename a non-active experiment.");
        if (before.Name == name)
            return;
        if (name == DefaultName)
            await FindDefaultAsync(cancellationToken);
        await ClaimAsync(name, id, cancellationToken);
        var old = before.Name;
        await ChangeAsync(
            id,
            experiment =>
            {
                RequireActive(experiment, "Cannot rename a non-active experiment.");
                old = experiment.Name;
                return experiment with { Name = name };
            },
            cancellationToken);
        await ReleaseAsync(old, id, cancellationToken);
    }

    /// <summary>Sets a tag of an experiment.</summary>
    /// <exception cref="NotFoundException">There is no such experiment.</exception>
    /// <exception cref="InvalidRequestException">It is deleted, or the tag is not valid.</exception>
    public Task SetTagAsync(string id, string key, string value, CancellationToken cancellationToken = default)
    {
        TrackingRules.RequireExperimentTag(key, value, "");
        return ChangeAsync(
            id,
            experiment =>
            {
                RequireActive(experiment);
                var tags = new Dictionary<string, string>(experiment.Tags) { [key] = value };
                RequireRoom(tags);
                return experiment with { Tags = tags };
            },
            cancellationToken);
    }

    /// <summary>Removes a tag of an experiment.</summary>
    /// <exception cref="NotFoundException">There is no such experiment, or no such tag.</exception>
    /// <exception cref="InvalidRequestException">It is deleted.</exception>
    public Task DeleteTagAsync(string id, string key, CancellationToken cancellationToken = default) => ChangeAsync(
        id,
        experiment =>
        {
            RequireActive(experiment);
            return experiment.Tags.ContainsKey(key)
                ? experiment with { Tags = experiment.Tags.Where(tag => tag.Key != key).ToDictionary() }
                : throw new NotFoundException($"No tag with name: {key} in experiment with id {id}");
        },
        cancellationToken);

    /// <summary>Deletes an experiment, so that it can be restored. Its runs stay as they are.</summary>
    /// <exception cref="NotFoundException">There is no such experiment, or it is deleted.</exception>
    public Task DeleteAsync(string id, CancellationToken cancellationToken = default) => ChangeAsync(
        id, experiment => experiment.IsActive ? experiment with { DeletedAt = _time.GetUtcNow() } : throw NotFound(id), cancellationToken);

    /// <summary>Restores a deleted experiment.</summary>
    /// <exception cref="NotFoundException">There is no such experiment, or it is not deleted.</exception>
    public Task RestoreAsync(string id, CancellationToken cancellationToken = default) => ChangeAsync(
        id, experiment => experiment.IsActive ? throw NotFound(id) : experiment with { DeletedAt = null }, cancellationToken);

    /// <summary>Hides a deleted experiment for good, before its runs are deleted.</summary>
    /// <exception cref="NotFoundException">There is no such experiment.</exception>
    /// <exception cref="InvalidRequestException">It is not deleted.</exception>
    internal async Task<Experiment> BeginPurgeAsync(string id, DateTimeOffset deletedBefore, CancellationToken cancellationToken) => (await _experiments.UpdateAsync(
        TrackingCollections.AllExperiments,
        id,
        "the experiment",
        read => read?.Value switch
        {
            null => throw NotFound(id),
            { IsPurging: true } purging => purging,
            var current when !(current.DeletedAt < deletedBefore) => throw new InvalidRequestException($"The experiment {id} must be in the 'deleted' state. Current state is active."),
            var deleted => deleted with { IsPurging = true, Revision = deleted.Revision + 1 },
        },
        cancellationToken))!.Value;

    /// <summary>Deletes the document and the name of an experiment whose runs are gone.</summary>
    internal async Task EndPurgeAsync(Experiment experiment, CancellationToken cancellationToken)
    {
        await ReleaseAsync(experiment.Name, experiment.Id, cancellationToken);
        if (await _documents.GetAsync(TrackingCollections.Experiments, TrackingCollections.AllExperiments, experiment.Id, cancellationToken) is { Value.IsPurging: true } read)
            await _documents.TryDeleteAsync(TrackingCollections.Experiments, read, cancellationToken);
        _index.Remove(TrackingCollections.AllExperiments, experiment.Id);
    }

    /// <summary>The experiments as they are stored, those that are being purged too.</summary>
    internal IAsyncEnumerable<Document<Experiment>> ScanAsync(CancellationToken cancellationToken) =>
        _documents.ScanAllAsync(TrackingCollections.Experiments, 500, cancellationToken);

    internal static NotFoundException NotFound(string id) => new($"No Experiment with id={id} exists");

    internal static void RequireActive(Experiment experiment, string? sentence = null)
    {
        if (!experiment.IsActive)
            throw new InvalidRequestException(sentence ?? $"The experiment {experiment.Id} must be in the 'active' state. Current state is deleted.");
    }

    private static void RequireRoom(IReadOnlyDictionary<string, string> tags)
    {
        if (tags.Sum(tag => Encoding.UTF8.GetByteCount(tag.Key) + Encoding.UTF8.GetByteCount(tag.Value)) > MaxTagBytes)
            throw new InvalidRequestException($"The experiment has no room for this: its tags can have {MaxTagBytes} bytes together.");
    }

    private async Task<Experiment> GetDefaultAsync(CancellationToken cancellationToken) => await FindDefaultAsync(cancellationToken) ?? throw NotFound(DefaultId);

    /// <summary>The default experiment, which is created where there is none; null while it is deleted for good.</summary>
    private async Task<Experiment?> FindDefaultAsync(CancellationToken cancellationToken)
    {
        if (await _documents.GetAsync(TrackingCollections.Experiments, TrackingCollections.AllExperiments, DefaultId, cancellationToken) is { } read)
            return read.Value.IsPurging ? null : read.Value;
        try
        {
            return await CreateAsync(DefaultId, DefaultName, null, new Dictionary<string, string>(), cancellationToken);
        }
        catch (ConflictException)
        {
            // Another request was faster.
            return (await _documents.GetAsync(TrackingCollections.Experiments, TrackingCollections.AllExperiments, DefaultId, cancellationToken))?.Value;
        }
    }

    private async Task<Experiment> CreateAsync(
        string id, string name, string? artifactLocation, IReadOnlyDictionary<string, string> tags, CancellationToken cancellationToken)
    {
        await ClaimAsync(name, id, cancellationToken);
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        var experiment = new Experiment
        {
            Id = id,
            Name = name,
            ArtifactLocation = string.IsNullOrEmpty(artifactLocation) ? $"mlflow-artifacts:/{id}" : artifactLocation.TrimEnd('/'),
            CreationTime = now,
            LastUpdateTime = now,
            Tags = tags,
        };
        await _documents.CreateAsync(TrackingCollections.Experiments, TrackingCollections.AllExperiments, id, experiment, cancellationToken);
        _index.Set(TrackingCollections.AllExperiments, id, experiment);
        return experiment;
    }

    /// <summary>Takes a name before an experiment gets it. A claim whose experiment does not have the name, long after it was made, is what a crash left.</summary>
    private async Task ClaimAsync(string name, string id, CancellationToken cancellationToken)
    {
        var partition = TrackingCollections.NamePartition(name);
        var claim = new ExperimentName(name, id, _time.GetUtcNow());
        try
        {
            var read = await _documents.GetAsync(TrackingCollections.Names, partition, TrackingCollections.NameId, cancellationToken);
            if (read is not null && read.Value.ExperimentId != id
                && (_time.GetUtcNow() - read.Value.ClaimedAt < ClaimLife || await FindAsync(name, cancellationToken, withPurging: true) is not null))
            {
                throw new ConflictException($"Experiment(name={name}) already exists.");
            }
            await _documents.WriteAsync(TrackingCollections.Names, partition, TrackingCollections.NameId, read, claim, cancellationToken);
        }
        catch (Exception e) when (e is DocumentExistsException or ETagMismatchException)
        {
            throw new ConflictException($"Experiment(name={name}) already exists.");
        }
    }

    private async Task ReleaseAsync(string name, string id, CancellationToken cancellationToken)
    {
        var read = await _documents.GetAsync(TrackingCollections.Names, TrackingCollections.NamePartition(name), TrackingCollections.NameId, cancellationToken);
        if (read?.Value.ExperimentId == id)
            await _documents.TryDeleteAsync(TrackingCollections.Names, read, cancellationToken);
    }

    private async Task<Experiment?> FindAsync(string name, CancellationToken cancellationToken, bool withPurging = false)
    {
        var claim = await _documents.GetAsync(TrackingCollections.Names, TrackingCollections.NamePartition(name), TrackingCollections.NameId, cancellationToken);
        if (claim is null)
            return null;
        var read = await _documents.GetAsync(TrackingCollections.Experiments, TrackingCollections.AllExperiments, claim.Value.ExperimentId, cancellationToken);
        return read?.Value is { } experiment && experiment.Name == name && (withPurging || !experiment.IsPurging) ? experiment : null;
    }

    private async Task ChangeAsync(string id, Func<Experiment, Experiment> change, CancellationToken cancellationToken)
    {
        TrackingRules.RequireExperimentId(id);
        if (id == DefaultId)
            await GetDefaultAsync(cancellationToken);
        var stored = await _experiments.UpdateAsync(
            TrackingCollections.AllExperiments,
            id,
            "the experiment",
            read => read is { Value.IsPurging: false }
                ? change(read.Value) with { Revision = read.Value.Revision + 1, LastUpdateTime = _time.GetUtcNow().ToUnixTimeMilliseconds() }
                : throw NotFound(id),
            cancellationToken);
        _index.Set(TrackingCollections.AllExperiments, id, stored!.Value);
    }
}

/// <summary>What experiments can be searched by.</summary>
internal sealed class ExperimentSchema : SearchSchema<Experiment>
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> NaturalOrder { get; } = ["last_update_time DESC", "experiment_id ASC"];

    /// <inheritdoc/>
    public override string IdOf(Experiment item) => item.Id;

    /// <inheritdoc/>
    public override SearchField<Experiment> Field(string? entity, string key) => (entity, key) switch
    {
        ("tag" or "tags", _) => new TextField<Experiment>(experiment => experiment.Tags.GetValueOrDefault(key)) { What = "tag" },
        (null or "attribute" or "attributes" or "attr", "name") => Text(experiment => experiment.Name),
        (null or "attribute" or "attributes" or "attr", "experiment_id") => Text(experiment => experiment.Id),
        (null or "attribute" or "attributes" or "attr", "creation_time") => new NumberField<Experiment>(experiment => experiment.CreationTime) { What = "attribute" },
        (null or "attribute" or "attributes" or "attr", "last_update_time") => new NumberField<Experiment>(experiment => experiment.LastUpdateTime) { What = "attribute" },
        (null or "attribute" or "attributes" or "attr", _) => throw new InvalidRequestException(
            $"Invalid attribute key '{key}' specified. Valid keys are '['name', 'experiment_id', 'creation_time', 'last_update_time']'"),
        _ => throw new InvalidRequestException($"Invalid entity type '{entity}'. Valid values are ['tag', 'attribute']"),
    };

    private static TextField<Experiment> Text(Func<Experiment, string?> read) => new(read) { What = "attribute" };
}
