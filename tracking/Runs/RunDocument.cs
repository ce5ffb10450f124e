using System.Text;
using Larder.Registry.Errors;
using Larder.Tracking.Metrics;

namespace Larder.Tracking.Runs;

/// <summary>A run as it is stored: one document, so that whatever is logged together is one write.</summary>
internal sealed record RunDocument
{
    public required Run Run { get; init; }

    /// <summary>The newest points of its metrics, which no chunk has yet.</summary>
    public IReadOnlyDictionary<string, MetricSeries> Tail { get; init; } = new Dictionary<string, MetricSeries>();

    /// <summary>The chunks that have the points before, the oldest first.</summary>
    public IReadOnlyList<MetricChunkReference> Chunks { get; init; } = [];

    /// <summary>Whether it is being deleted for good: nothing sees it any more.</summary>
    public bool IsPurging { get; init; }

    /// <summary>Counts the writes, so that a later state is told from an earlier one.</summary>
    public long Revision { get; init; }
}

/// <summary>
/// A run's document while changes are made to it, several by several callers, which become one write. A change that is refused must have changed nothing: it throws before
/// it changes.
/// </summary>
internal sealed class RunDraft(RunDocument read)
{
    /// <summary>The most bytes of a run's params, tags, names of metrics and inputs: Cosmos DB stores 2 MB, with the newest points of metrics.</summary>
    public const int MaxBytes = 1_000_000;

    private readonly Dictionary<string, string> _params = new(read.Run.Params);
    private readonly Dictionary<string, string> _tags = new(read.Run.Tags);
    private readonly Dictionary<string, MetricPoint> _metrics = new(read.Run.Metrics);
    private readonly Dictionary<string, List<MetricPoint>> _logged = [];
    private long? _bytes;

    /// <summary>The run; its params, tags and metrics are those that were read.</summary>
    public Run Run { get; private set; } = read.Run;

    public bool IsChanged { get; private set; }

    public bool IsPurging { get; private set; } = read.IsPurging;

    public IReadOnlyDictionary<string, string> Params => _params;

    public IReadOnlyDictionary<string, string> Tags => _tags;

    /// <exception cref="InvalidRequestException">The run is deleted.</exception>
    public void RequireActive() => Require(Run.IsActive, "active", "deleted");

    /// <exception cref="InvalidRequestException">The run is not deleted.</exception>
    public void RequireDeleted() => Require(!Run.IsActive, "deleted", "active");

    /// <summary>Changes what is no param, tag or metric.</summary>
    public void Set(Run run) => (Run, IsChanged) = (run, IsChanged || run != Run);

    public void Purge() => (IsPurging, IsChanged) = (true, true);

    public void SetParam(string key, string value) => IsChanged |= _params.TryAdd(key, value);

    public void SetTag(string key, string value)
    {
        IsChanged |= !_tags.TryGetValue(key, out var old) || old != value;
        _tags[key] = value;
    }

    public bool RemoveTag(string key)
    {
        var removed = _tags.Remove(key);
        IsChanged |= removed;
        return removed;
    }

    public void Log(LoggedMetric metric)
    {
        IsChanged = true;
        if (!_logged.TryGetValue(metric.Key, out var points))
            _logged.Add(metric.Key, points = []);
        points.Add(metric.Point);
        if (!_metrics.TryGetValue(metric.Key, out var last) || metric.Point >= last)
            _metrics[metric.Key] = metric.Point;
    }

    /// <summary>Refuses texts for which the document has no room, before they are put into it; counts them otherwise.</summary>
    /// <exception cref="InvalidRequestException">There is no room.</exception>
    public void RequireRoom(IEnumerable<string?> texts)
    {
        _bytes ??= Bytes(_params.Concat(_tags).SelectMany(pair => new[] { pair.Key, pair.Value })) + Bytes(_metrics.Keys)
            + Bytes(Run.Datasets.SelectMany(TextsOf)) + Bytes(Run.ModelInputs) + Bytes(Run.ModelOutputs.Select(output => output.ModelId));
        var more = Bytes(texts);
        if (more > 0 && _bytes + more > MaxBytes)
            throw new InvalidRequestException($"The run has no room for this: its params, tags, names of metrics and inputs can have {MaxBytes} bytes together. Log large texts as artifacts.");
        _bytes += more;
    }

    public static IEnumerable<string?> TextsOf(DatasetInput input) =>
        [input.Name, input.Digest, input.SourceType, input.Source, input.Schema, input.Profile, .. input.Tags.SelectMany(tag => new[] { tag.Key, tag.Value })];

    /// <summary>The document with all changes, and all new points in its tail.</summary>
    public RunDocument Build() => read with
    {
        Run = Run with { Params = _params, Tags = _tags, Metrics = _metrics },
        Tail = MetricChunk.Join(read.Tail, _logged.ToDictionary(entry => entry.Key, entry => MetricSeries.Of(entry.Value))),
        IsPurging = IsPurging,
        Revision = read.Revision + 1,
    };

    private static long Bytes(IEnumerable<string?> texts) => texts.Sum(text => text is null ? 0L : Encoding.UTF8.GetByteCount(text));

    private void Require(bool isRight, string right, string state)
    {
        if (!isRight)
            throw RunStore.WrongState(Run.Id, right, state);
    }
}
