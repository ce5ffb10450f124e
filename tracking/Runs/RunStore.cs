using System.Text.Json;
using System.Text.Json.Nodes;
using Larder.Registry.Errors;
using Larder.Registry.Search;
using Larder.Registry.Storage;
using Larder.Tracking.Artifacts;
using Larder.Tracking.Experiments;
using Larder.Tracking.LoggedModels;
using Larder.Tracking.Metrics;

namespace Larder.Tracking.Runs;

/// <summary>What a run is created with.</summary>
/// <param name="ExperimentId">Its experiment.</param>
/// <param name="Name">Its name; null for that of the tag, or one that is made.</param>
/// <param name="UserId">Who runs it.</param>
/// <param name="StartTime">When it began, in milliseconds since 1970; null for now.</param>
/// <param name="Tags">Its tags.</param>
/// <param name="Job">The job whose run it is; null for none.</param>
public sealed record NewRun(string ExperimentId, string? Name, string UserId, long? StartTime, IReadOnlyDictionary<string, string> Tags, string? Job = null);

/// <summary>What is logged together: all of it, or nothing.</summary>
/// <param name="Metrics">Points of metrics.</param>
/// <param name="Params">Params.</param>
/// <param name="Tags">Tags.</param>
public sealed record LogBatch(
    IReadOnlyList<LoggedMetric> Metrics, IReadOnlyList<KeyValuePair<string, string>> Params, IReadOnlyList<KeyValuePair<string, string>> Tags);

/// <summary>The runs.</summary>
public sealed class RunStore : IDisposable
{
    private static readonly RunSchema Schema = new();

    private readonly IDocumentStore _documents;
    private readonly ExperimentStore _experiments;
    private readonly TimeProvider _time;
    private readonly RunCommits _commits;
    private readonly MetricHistory _history;
    private readonly ArtifactTree _artifacts;
    private readonly SearchIndex<RunDocument, Run> _index;

    /// <summary>The runs of a store.</summary>
    public RunStore(IDocumentStore documents, ExperimentStore experiments, TimeProvider time)
    {
        (_documents, _experiments, _time) = (documents, experiments, time);
        _index = new SearchIndex<RunDocument, Run>(
            documents, TrackingCollections.Runs, document => document.IsPurging ? null : document.Run, document => document.Revision);
        _commits = new RunCommits(documents, document => _index.Set(document.Run.ExperimentId, document.Run.Id, document));
        _history = new MetricHistory(documents);
        _artifacts = new ArtifactTree(documents);
    }

    /// <summary>The name of a state, as clients write it.</summary>
    public static string NameOf(RunStatus status) => status.ToString().ToUpperInvariant();

    /// <summary>Creates a run; the one of a job that has one already is found.</summary>
    /// <exception cref="NotFoundException">There is no such experiment.</exception>
    /// <exception cref="InvalidRequestException">The experiment is deleted, or a value is not valid.</exception>
    public async Task<Run> CreateAsync(NewRun run, CancellationToken cancellationToken = default)
    {
        foreach (var (index, (key, value)) in run.Tags.Index())
            TrackingRules.RequireTag(key, value, $"tags[{index}]");
        var tagged = run.Tags.GetValueOrDefault(RunTags.Name);
        if (!string.IsNullOrEmpty(run.Name) && tagged is not null && run.Name != tagged)
        {
            throw new InvalidRequestException(
                $"Both 'run_name' argument and '{RunTags.Name}' tag are specified, but with different values (run_name='{run.Name}', {RunTags.Name}='{tagged}').");
        }
        var experiment = await _experiments.GetAsync(run.ExperimentId, cancellationToken);
        ExperimentStore.RequireActive(experiment);

        var name = new[] { run.Name, tagged, RunNames.New() }.First(one => !string.IsNullOrEmpty(one))!;
        TrackingRules.RequireTag(RunTags.Name, name, "run_name");
        TrackingRules.RequireUser(run.UserId);
        var id = run.Job is { } job ? RunId.OfJob(experiment.Id, job) : RunId.New(experiment.Id);
        var document = new RunDocument
        {
            Run = new Run
            {
                Id = id,
                ExperimentId = experiment.Id,
                Name = name,
                UserId = run.UserId,
                Status = RunStatus.Running,
                StartTime = run.StartTime ?? _time.GetUtcNow().ToUnixTimeMilliseconds(),
                ArtifactUri = $"{experiment.ArtifactLocation}/{id}/artifacts",
                Job = run.Job,
                Tags = new Dictionary<string, string>(run.Tags) { [RunTags.Name] = name },
            },
        };
        new RunDraft(document with { Run = document.Run with { Tags = new Dictionary<string, string>() } }).RequireRoom(document.Run.Tags.SelectMany(tag => new[] { tag.Key, tag.Value }));
        try
        {
            await _documents.CreateAsync(TrackingCollections.Runs, experiment.Id, id, document, cancellationToken);
        }
        catch (DocumentExistsException) when (run.Job is not null)
        {
            return await GetAsync(id, cancellationToken);
        }
        _index.Set(experiment.Id, id, document);
        return document.Run;
    }

    /// <summary>A run, deleted or not.</summary>
    /// <exception cref="NotFoundException">There is none.</exception>
    public async Task<Run> GetAsync(string id, CancellationToken cancellationToken = default)
    {
        TrackingRules.RequireRunId(id);
        return (await ReadAsync(_documents, id, cancellationToken) ?? throw NotFound(id)).Run;
    }

    /// <summary>Changes state, end or name of a run. A run that ended may run again: it then has no end, unless one is given.</summary>
    /// <exception cref="NotFoundException">There is no such run.</exception>
    /// <exception cref="InvalidRequestException">It is deleted, or the name is not valid.</exception>
    public Task<Run> UpdateAsync(RunKey run, RunStatus? status, long? endTime, string? name, CancellationToken cancellationToken = default)
    {
        if (!string.IsNullOrEmpty(name))
            TrackingRules.RequireTag(RunTags.Name, name, "run_name");
        return ChangeAsync(
            run,
            draft =>
            {
                draft.RequireActive();
                var changed = draft.Run;
                if (status is { } next)
                    changed = changed with { Status = next, EndTime = next is RunStatus.Running or RunStatus.Scheduled ? null : changed.EndTime };
                if (endTime is { } end)
                    changed = changed with { EndTime = end };
                if (!string.IsNullOrEmpty(name))
                {
                    draft.RequireRoom([name]);
                    draft.SetTag(RunTags.Name, name);
                    changed = changed with { Name = name };
                }
                draft.Set(changed);
            },
            cancellationToken);
    }

    /// <summary>Deletes a run, so that it can be restored; one that is deleted stays so.</summary>
    /// <exception cref="NotFoundException">There is no such run.</exception>
    public Task DeleteAsync(RunKey run, CancellationToken cancellationToken = default) =>
        ChangeAsync(run, draft => draft.Set(draft.Run with { DeletedAt = draft.Run.DeletedAt ?? _time.GetUtcNow() }), cancellationToken);

    /// <summary>Restores a deleted run. That of a job was deleted with its job, and is then a run like any other.</summary>
    /// <exception cref="NotFoundException">There is no such run.</exception>
    public Task RestoreAsync(string id, CancellationToken cancellationToken = default) => ChangeAsync(
        new RunKey(id, ByJob: true),
        draft =>
        {
            if (draft.Run.DeletedAt is not null)
                draft.Set(draft.Run with { DeletedAt = null, Job = null });
        },
        cancellationToken);

    /// <summary>Deletes a deleted run for good, with the history of its metrics and its artifacts, whose bytes the garbage collection takes.</summary>
    /// <exception cref="NotFoundException">There is no such run.</exception>
    /// <exception cref="InvalidRequestException">It is not deleted.</exception>
    public async Task PurgeAsync(string id, CancellationToken cancellationToken = default)
    {
        await ChangeAsync(
            new RunKey(id, ByJob: true),
            draft =>
            {
                draft.RequireDeleted();
                draft.Purge();
            },
            cancellationToken);
        await EndPurgeAsync(id, cancellationToken);
    }

    /// <summary>Logs a batch, all of it or nothing.</summary>
    /// <param name="run">The run.</param>
    /// <param name="batch">What is logged.</param>
    /// <param name="cancellationToken">Cancels the waiting; the batch may be logged all the same.</param>
    /// <exception cref="NotFoundException">There is no such run.</exception>
    /// <exception cref="InvalidRequestException">The run is deleted, a value is not valid, or a param has another value already.</exception>
    public Task LogAsync(RunKey run, LogBatch batch, CancellationToken cancellationToken = default)
    {
        TrackingRules.RequireRunId(run.Id);
        TrackingRules.RequireBatch(batch.Metrics.Count, batch.Params.Count, batch.Tags.Count);
        foreach (var (index, metric) in batch.Metrics.Index())
        {
            TrackingRules.RequireMetric(metric.Key, $"metrics[{index}]");
            TrackingRules.RequireTimestamp(metric.Point.Timestamp, $"metrics[{index}]");
        }
        foreach (var (index, (key, value)) in batch.Params.Index())
            TrackingRules.RequireParam(key, value, $"params[{index}]");
        foreach (var (index, (key, value)) in batch.Tags.Index())
            TrackingRules.RequireTag(key, value, $"tags[{index}]");
        TrackingRules.RequireOnce(batch.Params.Select(param => param.Key));
        return LogAsync(run, batch.Metrics, batch.Params, batch.Tags, cancellationToken);
    }

    /// <summary>Logs a point of a metric.</summary>
    /// <inheritdoc cref="LogAsync(RunKey, LogBatch, CancellationToken)"/>
    public Task LogMetricAsync(RunKey run, LoggedMetric metric, CancellationToken cancellationToken = default)
    {
        TrackingRules.RequireMetric(metric.Key, "");
        TrackingRules.RequireTimestamp(metric.Point.Timestamp, "");
        return LogAsync(run, [metric], [], [], cancellationToken);
    }

    /// <summary>Logs a param.</summary>
    /// <inheritdoc cref="LogAsync(RunKey, LogBatch, CancellationToken)"/>
    public Task LogParamAsync(RunKey run, string key, string value, CancellationToken cancellationToken = default)
    {
        TrackingRules.RequireParam(key, value, "");
        return LogAsync(run, [], [new(key, value)], [], cancellationToken);
    }

    /// <summary>Sets a tag.</summary>
    /// <inheritdoc cref="LogAsync(RunKey, LogBatch, CancellationToken)"/>
    public Task SetTagAsync(RunKey run, string key, string value, CancellationToken cancellationToken = default)
    {
        TrackingRules.RequireTag(key, value, "");
        return LogAsync(run, [], [], [new(key, value)], cancellationToken);
    }

    /// <summary>Removes a tag.</summary>
    /// <exception cref="NotFoundException">There is no such run, or no such tag.</exception>
    /// <exception cref="InvalidRequestException">The run is deleted.</exception>
    public Task DeleteTagAsync(RunKey run, string key, CancellationToken cancellationToken = default) => ChangeAsync(
        run,
        draft =>
        {
            draft.RequireActive();
            if (!draft.RemoveTag(key))
                throw new NotFoundException($"No tag with name: {key} in run with id {run.Id}");
        },
        cancellationToken);

    /// <summary>Notes data sets and logged models that a run read; those that it has already stay as they are.</summary>
    /// <exception cref="NotFoundException">There is no such run.</exception>
    /// <exception cref="InvalidRequestException">The run is deleted, or there is no room.</exception>
    public Task LogInputsAsync(RunKey run, IReadOnlyList<DatasetInput> datasets, IReadOnlyList<string> models, CancellationToken cancellationToken = default) => ChangeAsync(
        run,
        draft =>
        {
            draft.RequireActive();
            var known = draft.Run.Datasets.Select(dataset => (dataset.Name, dataset.Digest)).ToHashSet();
            var added = datasets.Where(dataset => known.Add((dataset.Name, dataset.Digest))).ToList();
            var read = models.Except(draft.Run.ModelInputs).ToList();
            if (added.Count + read.Count == 0)
                return;
            draft.RequireRoom(added.SelectMany(RunDraft.TextsOf).Concat(read));
            draft.Set(draft.Run with { Datasets = [.. draft.Run.Datasets, .. added], ModelInputs = [.. draft.Run.ModelInputs, .. read] });
        },
        cancellationToken);

    /// <summary>Notes logged models that a run made.</summary>
    /// <inheritdoc cref="LogInputsAsync"/>
    public Task LogOutputsAsync(RunKey run, IReadOnlyList<ModelOutput> models, CancellationToken cancellationToken = default) => ChangeAsync(
        run,
        draft =>
        {
            draft.RequireActive();
            var added = models.Except(draft.Run.ModelOutputs).ToList();
            if (added.Count == 0)
                return;
            draft.RequireRoom(added.Select(model => model.ModelId));
            draft.Set(draft.Run with { ModelOutputs = [.. draft.Run.ModelOutputs, .. added] });
        },
        cancellationToken);

    /// <summary>Adds a model to the run's tag of logged models.</summary>
    /// <param name="run">The run.</param>
    /// <param name="model">What MLflow writes about the model.</param>
    /// <param name="cancellationToken">Cancels the waiting.</param>
    /// <exception cref="NotFoundException">There is no such run.</exception>
    /// <exception cref="InvalidRequestException">The run is deleted, or there is no room.</exception>
    public Task LogModelAsync(RunKey run, JsonObject model, CancellationToken cancellationToken = default) => ChangeAsync(
        run,
        draft =>
        {
            draft.RequireActive();
            var history = draft.Tags.TryGetValue(RunTags.ModelHistory, out var tag) && ArrayOf(tag) is { } earlier ? earlier : [];
            history.Add(model.DeepClone());
            var text = history.ToJsonString();
            draft.RequireRoom([text]);
            draft.SetTag(RunTags.ModelHistory, text);
        },
        cancellationToken);

    /// <summary>A page of runs.</summary>
    /// <exception cref="InvalidRequestException">Filter, order or token is not valid.</exception>
    public async Task<Page<Run>> SearchAsync(RunSearch search, CancellationToken cancellationToken = default)
    {
        var query = new SearchQuery<Run>(Schema, search.Filter, search.OrderBy);
        return query.Page(
            (await AllAsync(search.ExperimentIds, cancellationToken)).Where(run => search.View.Has(run.IsActive)), search.Limit, search.Token);
    }

    /// <summary>The runs of jobs that go on, in some experiments.</summary>
    public async Task<IReadOnlyList<Run>> OfRunningJobsAsync(IReadOnlyList<string> experimentIds, CancellationToken cancellationToken = default) =>
        [.. (await AllAsync(experimentIds, cancellationToken)).Where(run => run is { Job: not null, Status: RunStatus.Running, IsActive: true })];

    /// <summary>The data sets that active runs of experiments read, each with what it was used for.</summary>
    public async Task<IReadOnlyList<(string ExperimentId, string Name, string Digest, string? Context)>> DatasetsAsync(
        IReadOnlyList<string> experimentIds, CancellationToken cancellationToken = default) =>
    [
        .. (await AllAsync(experimentIds, cancellationToken)).Where(run => run.IsActive)
            .SelectMany(run => run.Datasets.Select(dataset => (run.ExperimentId, dataset.Name, dataset.Digest, dataset.Tags.GetValueOrDefault(DatasetInput.ContextTag))))
            .Distinct().Order().Take(TrackingRules.Inputs),
    ];

    /// <summary>A page of a metric's points, by step, time and value.</summary>
    /// <exception cref="NotFoundException">There is no such run.</exception>
    /// <exception cref="InvalidRequestException">The token is none that an earlier page gave.</exception>
    public Task<Page<MetricPoint>> HistoryAsync(string id, string key, int limit, string? token, CancellationToken cancellationToken = default)
    {
        TrackingRules.RequireRunId(id);
        return _history.PageAsync(id, key, limit, token, cancellationToken);
    }

    /// <summary>The first points of a metric of each of several runs, which are at most so many together.</summary>
    /// <exception cref="NotFoundException">There is no such run.</exception>
    public async Task<IReadOnlyList<(string RunId, MetricPoint Point)>> HistoryAsync(
        IReadOnlyList<string> ids, string key, int limit, CancellationToken cancellationToken = default)
    {
        var points = new List<(string, MetricPoint)>();
        foreach (var id in ids.Distinct().Order(StringComparer.Ordinal))
        {
            TrackingRules.RequireRunId(id);
            points.AddRange((await _history.PointsAsync(id, key, cancellationToken)).Take(limit - points.Count).Select(point => (id, point)));
            if (points.Count == limit)
                break;
        }
        return points;
    }

    /// <summary>The points of a metric of several runs at some steps, which are the same for all: so many that a chart shows the course of each (<see cref="SampledSteps"/>).</summary>
    /// <param name="ids">The runs, in whose order the points come.</param>
    /// <param name="key">The metric.</param>
    /// <param name="range">The first and last step; null for all from 0 on.</param>
    /// <param name="most">The most steps, beside the first and last of each run.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="NotFoundException">There is no such run.</exception>
    public async Task<IReadOnlyList<(string RunId, MetricPoint Point)>> SampleAsync(
        IReadOnlyList<string> ids, string key, (long Start, long End)? range, int most, CancellationToken cancellationToken = default)
    {
        var histories = new List<(string RunId, List<MetricPoint> Points)>();
        foreach (var id in ids.Distinct())
        {
            TrackingRules.RequireRunId(id);
            histories.Add((id, await _history.PointsAsync(id, key, cancellationToken)));
        }
        var steps = SampledSteps.Of([.. histories.Select(history => history.Points.ConvertAll(point => point.Step))], range, most);
        return [.. histories.SelectMany(history => history.Points.Where(point => steps.Contains(point.Step)).Take(TrackingRules.HistoryPoints).Select(point => (history.RunId, point)))];
    }

    /// <inheritdoc/>
    public void Dispose() => _history.Dispose();

    internal static NotFoundException NotFound(string id) => new($"Run with id={id} not found");

    internal static InvalidRequestException WrongState(string id, string right, string state) => new($"The run {id} must be in the '{right}' state. Current state is {state}.");

    /// <summary>A run's document; null when there is none, or it is being purged.</summary>
    internal static async Task<RunDocument?> ReadAsync(IDocumentStore documents, string id, CancellationToken cancellationToken) =>
        RunId.TryExperiment(id, out var experiment) && await documents.GetAsync(TrackingCollections.Runs, experiment, id, cancellationToken) is { Value.IsPurging: false } read
            ? read.Value
            : null;

    /// <summary>Deletes what is left of a run that nothing sees any more: first its artifacts and chunks, so that a crash leaves the document that leads to them.</summary>
    internal async Task EndPurgeAsync(string id, CancellationToken cancellationToken)
    {
        if (!RunId.TryExperiment(id, out var experiment))
            return;
        await _artifacts.DeleteAsync(id, ArtifactPath.Root, cancellationToken);
        DocumentPage<MetricChunk> chunks;
        do
        {
            chunks = await _documents.ListAsync(TrackingCollections.Chunks, id, 100, cancellationToken: cancellationToken);
            foreach (var chunk in chunks.Documents)
                await _documents.TryDeleteAsync(TrackingCollections.Chunks, chunk, cancellationToken);
        }
        while (chunks.Documents.Count > 0);
        if (await _documents.GetAsync(TrackingCollections.Runs, experiment, id, cancellationToken) is { Value.IsPurging: true } read)
            await _documents.TryDeleteAsync(TrackingCollections.Runs, read, cancellationToken);
        _index.Remove(experiment, id);
    }

    /// <summary>Deletes the documents of artifacts that have no run and no logged model: what was logged while it was being deleted for good.</summary>
    /// <param name="known">Runs and models that were there a moment ago; those that are found to be there come in.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    internal async Task CollectArtifactsAsync(HashSet<string> known, CancellationToken cancellationToken)
    {
        string? gone = null;
        await foreach (var document in _artifacts.ScanAsync(cancellationToken))
        {
            var owner = ArtifactTree.OwnerOf(document);
            if (known.Contains(owner))
                continue;
            if (owner != gone && await IsThereAsync(owner, cancellationToken))
            {
                known.Add(owner);
                continue;
            }
            gone = owner;
            await _artifacts.TryDeleteAsync(document, cancellationToken);
        }
    }

    /// <summary>Deletes a run for good if it is still as it must be for that.</summary>
    /// <returns>Whether it did.</returns>
    /// <exception cref="NotFoundException">There is no such run any more.</exception>
    internal async Task<bool> PurgeIfAsync(string id, Func<Run, bool> isOver, CancellationToken cancellationToken)
    {
        var isPurged = false;
        await _commits.ChangeAsync(
            id,
            0,
            draft =>
            {
                isPurged = isOver(draft.Run);
                if (isPurged)
                    draft.Purge();
            },
            cancellationToken);
        if (isPurged)
            await EndPurgeAsync(id, cancellationToken);
        return isPurged;
    }

    /// <summary>The ids of an experiment's runs, those that are being purged too.</summary>
    internal IAsyncEnumerable<string> ListAsync(string experimentId, CancellationToken cancellationToken) =>
        _documents.ListAllAsync(TrackingCollections.Runs, experimentId, 500, cancellationToken).Select(run => run.Id);

    /// <summary>The runs as they are stored, those that are being purged too.</summary>
    internal IAsyncEnumerable<Document<RunDocument>> ScanAsync(CancellationToken cancellationToken) =>
        _documents.ScanAllAsync(TrackingCollections.Runs, 500, cancellationToken);

    private Task LogAsync(
        RunKey run,
        IReadOnlyList<LoggedMetric> metrics,
        IReadOnlyList<KeyValuePair<string, string>> parameters,
        IReadOnlyList<KeyValuePair<string, string>> tags,
        CancellationToken cancellationToken)
    {
        TrackingRules.RequireRunId(run.Id);
        return _commits.ChangeAsync(
            run.Id,
            metrics.Count,
            draft =>
            {
                run.RequireOwner(draft.Run);
                draft.RequireActive();
                foreach (var (key, value) in parameters)
                {
                    if (draft.Params.TryGetValue(key, out var old) && old != value)
                    {
                        throw new InvalidRequestException(
                            $"Changing param values is not allowed. Param with key='{key}' was already logged with value='{old}' for run ID='{run.Id}'. Attempted logging new value '{value}'.");
                    }
                }
                draft.RequireRoom([
                    .. parameters.Where(param => !draft.Params.ContainsKey(param.Key)).Concat(tags.Where(tag => draft.Tags.GetValueOrDefault(tag.Key) != tag.Value))
                        .SelectMany(pair => new[] { pair.Key, pair.Value }),
                    .. metrics.Select(metric => metric.Key).Distinct().Where(key => !draft.Run.Metrics.ContainsKey(key)),
                ]);
                foreach (var (key, value) in parameters)
                    draft.SetParam(key, value);
                foreach (var (key, value) in tags)
                {
                    draft.SetTag(key, value);
                    if (key == RunTags.Name)
                        draft.Set(draft.Run with { Name = value });
                }
                foreach (var metric in metrics)
                    draft.Log(metric with { Point = metric.Point with { Value = TrackingRules.Stored(metric.Point.Value) } });
            },
            cancellationToken);
    }

    private Task<Run> ChangeAsync(RunKey run, Action<RunDraft> change, CancellationToken cancellationToken)
    {
        TrackingRules.RequireRunId(run.Id);
        return _commits.ChangeAsync(
            run.Id,
            0,
            draft =>
            {
                run.RequireOwner(draft.Run);
                change(draft);
            },
            cancellationToken);
    }

    // Also what is being purged.
    private async Task<bool> IsThereAsync(string owner, CancellationToken cancellationToken)
    {
        if (LoggedModelId.TryExperiment(owner, out var ofModel))
            return await _documents.GetAsync(TrackingCollections.LoggedModels, ofModel, owner, cancellationToken) is not null;
        return RunId.TryExperiment(owner, out var ofRun) && await _documents.GetAsync(TrackingCollections.Runs, ofRun, owner, cancellationToken) is not null;
    }

    private async Task<IEnumerable<Run>> AllAsync(IReadOnlyList<string> experimentIds, CancellationToken cancellationToken)
    {
        foreach (var id in experimentIds)
            TrackingRules.RequireExperimentId(id);
        var runs = await Task.WhenAll(experimentIds.Distinct().Select(id => _index.ItemsAsync(id, cancellationToken)));
        return runs.SelectMany(all => all);
    }

    private static JsonArray? ArrayOf(string json)
    {
        try
        {
            return JsonNode.Parse(json) as JsonArray;
        }
        catch (JsonException)
        {
            // The tag is the caller's to write.
            return null;
        }
    }
}
