using System.Text;
using Larder.Registry.Errors;
using Larder.Registry.Search;
using Larder.Registry.Storage;
using Larder.Registry.Text;
using Larder.Tracking.Artifacts;
using Larder.Tracking.Experiments;
using Larder.Tracking.Metrics;
using Larder.Tracking.Runs;

namespace Larder.Tracking.LoggedModels;

/// <summary>What a logged model is created with.</summary>
/// <param name="ExperimentId">Its experiment.</param>
/// <param name="Name">Its name; null or empty for one that is made.</param>
/// <param name="ModelType">What kind of model it is; null for nothing.</param>
/// <param name="SourceRunId">The run that makes it; null for none.</param>
/// <param name="Params">Its params.</param>
/// <param name="Tags">Its tags.</param>
public sealed record NewLoggedModel(
    string ExperimentId, string? Name, string? ModelType, string? SourceRunId, IReadOnlyList<KeyValuePair<string, string>> Params, IReadOnlyDictionary<string, string> Tags);

/// <summary>The logged models of MLflow 3: each a document, which has all of it but the files (<see cref="RunArtifacts"/>).</summary>
public sealed class LoggedModelStore
{
    // Metrics that are not measured any more must not keep out the ones that are.
    private const int MaxMetrics = 1000;

    private const int MaxTextLength = 500;

    private readonly IDocumentStore _documents;
    private readonly ExperimentStore _experiments;
    private readonly RunStore _runs;
    private readonly TimeProvider _time;
    private readonly DocumentUpdater<LoggedModel> _models;
    private readonly ArtifactTree _artifacts;
    private readonly SearchIndex<LoggedModel, LoggedModel> _index;

    /// <summary>The logged models of a store.</summary>
    public LoggedModelStore(IDocumentStore documents, ExperimentStore experiments, RunStore runs, TimeProvider time)
    {
        (_documents, _experiments, _runs, _time) = (documents, experiments, runs, time);
        _models = new DocumentUpdater<LoggedModel>(documents, TrackingCollections.LoggedModels);
        _artifacts = new ArtifactTree(documents);
        _index = new SearchIndex<LoggedModel, LoggedModel>(
            documents, TrackingCollections.LoggedModels, model => model.IsActive && !model.IsPurging ? model : null, model => model.Revision);
    }

    /// <summary>Whether a text can be the id of a logged model; no run's id can be one.</summary>
    public static bool IsId(string text) => LoggedModelId.Is(text);

    /// <summary>The name of a state in filters.</summary>
    public static string NameOf(LoggedModelStatus status) => status.ToString().ToUpperInvariant();

    /// <summary>Creates a logged model, whose files are still to be logged.</summary>
    /// <param name="model">What it has.</param>
    /// <param name="byJob">Whether it is the job of the source run, or its script, that creates it.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="NotFoundException">There is no such experiment, or no such run.</exception>
    /// <exception cref="ForbiddenException">The run is a job's, and not the job creates the model.</exception>
    /// <exception cref="InvalidRequestException">The experiment is deleted, or a value is not valid.</exception>
    public async Task<LoggedModel> CreateAsync(NewLoggedModel model, bool byJob = false, CancellationToken cancellationToken = default)
    {
        if (!string.IsNullOrEmpty(model.Name))
            TrackingRules.RequireLoggedModelName(model.Name);
        TrackingRules.RequireLength(model.ModelType ?? "", MaxTextLength, "model_type");
        RequireParams(model.Params);
        foreach (var (index, (key, value)) in model.Tags.Index())
            TrackingRules.RequireTag(key, value, $"tags[{index}]");
        var experiment = await _experiments.GetAsync(model.ExperimentId, cancellationToken);
        ExperimentStore.RequireActive(experiment);
        var run = string.IsNullOrEmpty(model.SourceRunId) ? null : await _runs.GetAsync(model.SourceRunId, cancellationToken);
        if (run is not null)
            new RunKey(run.Id, byJob).RequireOwner(run);
        if (run is { Job: not null } && run.ExperimentId != experiment.Id)
            throw new InvalidRequestException($"The run {run.Id} is of the experiment {run.ExperimentId}: create its models there.");

        var (id, now) = (LoggedModelId.New(experiment.Id), _time.GetUtcNow().ToUnixTimeMilliseconds());
        var created = new LoggedModel
        {
            Id = id,
            ExperimentId = experiment.Id,
            Name = string.IsNullOrEmpty(model.Name) ? RunNames.New() : model.Name,
            ModelType = string.IsNullOrEmpty(model.ModelType) ? null : model.ModelType,
            SourceRunId = run?.Id,
            Job = run?.Job,
            Status = LoggedModelStatus.Pending,
            ArtifactUri = $"{experiment.ArtifactLocation}/models/{id}/artifacts",
            CreationTime = now,
            LastUpdateTime = now,
            Params = new Dictionary<string, string>(model.Params),
            Tags = new Dictionary<string, string>(model.Tags),
        };
        RequireRoom(created);
        await _documents.CreateAsync(TrackingCollections.LoggedModels, experiment.Id, id, created, cancellationToken);
        _index.Set(experiment.Id, id, created);
        return created;
    }

    /// <summary>A logged model that is not deleted.</summary>
    /// <exception cref="NotFoundException">There is none.</exception>
    public async Task<LoggedModel> GetAsync(string id, CancellationToken cancellationToken = default) =>
        await FindAsync(id, cancellationToken) is { IsActive: true } found ? found : throw NotFound(id);

    /// <summary>A logged model, deleted or not: a deleted one can still be read by where its files are.</summary>
    /// <exception cref="NotFoundException">There is none.</exception>
    public async Task<LoggedModel> FindAsync(string id, CancellationToken cancellationToken = default) =>
        LoggedModelId.TryExperiment(id, out var experiment)
        && await _documents.GetAsync(TrackingCollections.LoggedModels, experiment, id, cancellationToken) is { Value.IsPurging: false } read
            ? read.Value
            : throw NotFound(id);

    /// <summary>Ends the logging of a model's files. Doing so again changes nothing.</summary>
    /// <param name="model">The model.</param>
    /// <param name="status">How it ended.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="NotFoundException">There is no such model.</exception>
    /// <exception cref="ForbiddenException">It is of a job's run, and not the job changes it.</exception>
    /// <exception cref="InvalidRequestException">It ended before, and otherwise.</exception>
    public Task<LoggedModel> FinalizeAsync(RunKey model, LoggedModelStatus status, CancellationToken cancellationToken = default) => ChangeAsync(
        model.Id,
        current =>
        {
            model.RequireOwner(current);
            if (current.Status == status)
                return current;
            return current.Status == LoggedModelStatus.Pending
                ? current with { Status = status }
                : throw new InvalidRequestException($"The logged model {current.Id} is {NameOf(current.Status)}, which does not change any more. Log the model again, as another one.");
        },
        cancellationToken);

    /// <summary>Deletes a logged model: it is not found any more, and is deleted for good later.</summary>
    /// <exception cref="NotFoundException">There is no such model.</exception>
    public Task DeleteAsync(string id, CancellationToken cancellationToken = default) => ChangeAsync(id, model => model with { DeletedAt = _time.GetUtcNow() }, cancellationToken);

    /// <summary>Sets tags.</summary>
    /// <exception cref="NotFoundException">There is no such model.</exception>
    /// <exception cref="InvalidRequestException">A tag is not valid, or there is no room for it.</exception>
    public Task SetTagsAsync(string id, IReadOnlyDictionary<string, string> tags, CancellationToken cancellationToken = default)
    {
        foreach (var (index, (key, value)) in tags.Index())
            TrackingRules.RequireTag(key, value, $"tags[{index}]");
        return ChangeAsync(
            id,
            model =>
            {
                if (tags.All(tag => model.Tags.TryGetValue(tag.Key, out var old) && old == tag.Value))
                    return model;
                var all = new Dictionary<string, string>(model.Tags);
                foreach (var (key, value) in tags)
                    all[key] = value;
                return RequireRoom(model with { Tags = all });
            },
            cancellationToken);
    }

    /// <summary>Removes a tag.</summary>
    /// <exception cref="NotFoundException">There is no such model, or no such tag.</exception>
    public Task DeleteTagAsync(string id, string key, CancellationToken cancellationToken = default) => ChangeAsync(
        id,
        model => model.Tags.ContainsKey(key)
            ? model with { Tags = model.Tags.Where(tag => tag.Key != key).ToDictionary() }
            : throw new NotFoundException($"No tag with key {Quoted.Text(key)} found for model with ID {Quoted.Text(id)}."),
        cancellationToken);

    /// <summary>Logs params, all of them or none.</summary>
    /// <exception cref="NotFoundException">There is no such model.</exception>
    /// <exception cref="ForbiddenException">It is of a job's run, and not the job changes it.</exception>
    /// <exception cref="InvalidRequestException">A param is not valid, has another value already, or there is no room for it.</exception>
    public Task LogParamsAsync(RunKey model, IReadOnlyList<KeyValuePair<string, string>> parameters, CancellationToken cancellationToken = default)
    {
        RequireParams(parameters);
        return ChangeAsync(
            model.Id,
            current =>
            {
                model.RequireOwner(current);
                var all = new Dictionary<string, string>(current.Params);
                foreach (var (key, value) in parameters)
                {
                    if (!all.TryAdd(key, value) && all[key] != value)
                    {
                        throw new InvalidRequestException(
                            $"Changing param values is not allowed. Param with key='{key}' was already logged with value='{all[key]}' for model ID='{current.Id}'. Attempted logging new value '{value}'.");
                    }
                }
                return all.Count == current.Params.Count ? current : RequireRoom(current with { Params = all });
            },
            cancellationToken);
    }

    /// <summary>
    /// Notes the points of a run that name a logged model: the model keeps the newest of each metric, data set and run. It comes after the run's own write, so it refuses nothing: a model that
    /// there is not, or that has no room, or is not the job's own, is passed over.
    /// </summary>
    /// <param name="run">The run.</param>
    /// <param name="metrics">What it logged.</param>
    /// <param name="cancellationToken">Cancels the operation; to log the points again does the rest.</param>
    public async Task LogMetricsAsync(RunKey run, IReadOnlyList<LoggedMetric> metrics, CancellationToken cancellationToken = default)
    {
        foreach (var measured in metrics.Where(metric => metric.Point.Source?.ModelId is not null).GroupBy(metric => metric.Point.Source!.ModelId!))
        {
            try
            {
                await ChangeAsync(measured.Key, model => run.ByJob && model.SourceRunId != run.Id ? model : Measured(model, run.Id, measured), cancellationToken);
            }
            catch (NotFoundException)
            {
                // A client may name a model that does not exist.
            }
        }
    }

    /// <summary>A page of logged models that are not deleted.</summary>
    /// <exception cref="InvalidRequestException">Filter, order or token is not valid.</exception>
    public async Task<Page<LoggedModel>> SearchAsync(LoggedModelSearch search, CancellationToken cancellationToken = default)
    {
        var schema = new LoggedModelSchema(search);
        var query = new SearchQuery<LoggedModel>(schema, search.Filter, schema.OrderBy);
        foreach (var id in search.ExperimentIds)
            TrackingRules.RequireExperimentId(id);
        var models = (await Task.WhenAll(search.ExperimentIds.Distinct().Select(id => _index.ItemsAsync(id, cancellationToken)))).SelectMany(all => all);
        if (search.Datasets.Count > 0)
            models = models.Where(model => model.Metrics.Any(metric => search.Datasets.Any(metric.IsOn)));
        return query.Page(models, search.Limit, search.Token);
    }

    internal static InvalidRequestException Deleted(string id) => new($"The logged model {id} must be in the 'active' state. Current state is deleted.");

    /// <summary>Deletes a logged model for good, with its files, if it is still as it must be for that.</summary>
    /// <returns>Whether it did.</returns>
    internal async Task<bool> PurgeIfAsync(string id, Func<LoggedModel, bool> isOver, CancellationToken cancellationToken)
    {
        if (!LoggedModelId.TryExperiment(id, out var experiment))
            return false;
        var isPurged = false;
        await _models.UpdateAsync(
            experiment,
            id,
            "the logged model",
            read =>
            {
                isPurged = read is not null && (read.Value.IsPurging || isOver(read.Value));
                return isPurged && !read!.Value.IsPurging ? read.Value with { IsPurging = true, Revision = read.Value.Revision + 1 } : read?.Value;
            },
            cancellationToken);
        if (!isPurged)
            return false;
        // The files first, so that a crash leaves the document that leads to them.
        await _artifacts.DeleteAsync(id, ArtifactPath.Root, cancellationToken);
        if (await _documents.GetAsync(TrackingCollections.LoggedModels, experiment, id, cancellationToken) is { Value.IsPurging: true } left)
            await _documents.TryDeleteAsync(TrackingCollections.LoggedModels, left, cancellationToken);
        _index.Remove(experiment, id);
        return true;
    }

    /// <summary>The ids of an experiment's models, those that are deleted or being purged too.</summary>
    internal IAsyncEnumerable<string> ListAsync(string experimentId, CancellationToken cancellationToken) =>
        _documents.ListAllAsync(TrackingCollections.LoggedModels, experimentId, 500, cancellationToken).Select(model => model.Id);

    /// <summary>The models as they are stored, those that are deleted or being purged too.</summary>
    internal IAsyncEnumerable<Document<LoggedModel>> ScanAsync(CancellationToken cancellationToken) => _documents.ScanAllAsync(TrackingCollections.LoggedModels, 500, cancellationToken);

    private static NotFoundException NotFound(string id) => new($"Logged model with ID {Quoted.Text(id)} not found.");

    private static void RequireParams(IReadOnlyList<KeyValuePair<string, string>> parameters)
    {
        foreach (var (index, (key, value)) in parameters.Index())
            TrackingRules.RequireParam(key, value, $"params[{index}]");
        TrackingRules.RequireOnce(parameters.Select(param => param.Key));
    }

    private static LoggedModel Measured(LoggedModel model, string runId, IEnumerable<LoggedMetric> points)
    {
        var metrics = model.Metrics.ToList();
        foreach (var point in points)
        {
            var measured = new LoggedModelMetric(point.Key, runId, point.Point with { Value = TrackingRules.Stored(point.Point.Value) });
            var index = metrics.FindIndex(measured.IsLike);
            if (index < 0)
                metrics.Add(measured);
            else if ((measured.Point.Timestamp, measured.Point.Step).CompareTo((metrics[index].Point.Timestamp, metrics[index].Point.Step)) >= 0)
                metrics[index] = measured;
        }
        if (metrics.SequenceEqual(model.Metrics))
            return model;
        var changed = model with { Metrics = [.. metrics.OrderByDescending(metric => metric.Point.Timestamp).Take(MaxMetrics)] };
        return BytesOf(changed) <= RunDraft.MaxBytes ? changed : model;
    }

    private static LoggedModel RequireRoom(LoggedModel model) => BytesOf(model) <= RunDraft.MaxBytes
        ? model
        : throw new InvalidRequestException($"The logged model has no room for this: its params, tags and metrics can have {RunDraft.MaxBytes} bytes together. Log large texts as files.");

    private static long BytesOf(LoggedModel model) => model.Params.Concat(model.Tags).SelectMany(pair => new[] { pair.Key, pair.Value })
        .Concat(model.Metrics.SelectMany(metric => new[] { metric.Key, metric.RunId, metric.Point.Source?.ModelId, metric.Point.Source?.DatasetName, metric.Point.Source?.DatasetDigest }))
        .Sum(text => text is null ? 0L : Encoding.UTF8.GetByteCount(text));

    private async Task<LoggedModel> ChangeAsync(string id, Func<LoggedModel, LoggedModel> change, CancellationToken cancellationToken)
    {
        if (!LoggedModelId.TryExperiment(id, out var experiment))
            throw NotFound(id);
        var stored = await _models.UpdateAsync(
            experiment,
            id,
            "the logged model",
            read =>
            {
                if (read is not { Value: { IsActive: true, IsPurging: false } current })
                    throw NotFound(id);
                var changed = change(current);
                return ReferenceEquals(changed, current) ? current : changed with { Revision = current.Revision + 1, LastUpdateTime = _time.GetUtcNow().ToUnixTimeMilliseconds() };
            },
            cancellationToken);
        _index.Set(experiment, id, stored!.Value);
        return stored.Value;
    }
}
