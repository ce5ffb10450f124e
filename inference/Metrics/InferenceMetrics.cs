using System.Diagnostics.Metrics;
using Larder.Inference.Caching;
using Larder.Inference.Memory;
using Larder.Inference.Sessions;

namespace Larder.Inference.Metrics;

/// <summary>
/// Metrics of inference, instruments of the meter <see cref="MeterName"/>. Instruments of runs carry the tags <c>model</c> and
/// <c>version</c>. Without a listener they cost a field read.
/// </summary>
public sealed class InferenceMetrics : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Larder.Inference";

    private readonly Meter _meter;

    /// <param name="factory">Creates the meter; null creates one that is disposed with this.</param>
    public InferenceMetrics(IMeterFactory? factory = null)
    {
        _meter = factory?.Create(MeterName) ?? new Meter(MeterName);
        Loads = _meter.CreateCounter<long>("larder.inference.loads", description: "Models loaded.");
        LoadFailures = _meter.CreateCounter<long>("larder.inference.load_failures", description: "Loads that failed.");
        LoadSeconds = _meter.CreateHistogram<double>("larder.inference.load_duration", "s", "Time to fetch a model and build its session.");
        Evictions = _meter.CreateCounter<long>("larder.inference.evictions", description: "Models unloaded to make room for another.");
        Runs = _meter.CreateCounter<long>("larder.inference.runs", description: "Runs of a model's session, by model and version.");
        RunSeconds = _meter.CreateHistogram<double>("larder.inference.run_duration", "s", "Time of one run, by model and version.");
        MemoryRefusals = _meter.CreateCounter<long>("larder.inference.memory_refusals", "{request}", "Requests refused for lack of memory, by share (bodies, work, runs) and reason (busy, too_large).");
        Refusals = _meter.CreateCounter<long>("larder.inference.refusals", "{request}", "Requests refused since they would have waited too long, by model, version and reason (queue_full, deadline).");
        CacheHits = _meter.CreateCounter<long>("larder.inference.cache_hits", "{request}", "Requests that were answered with the outputs of an earlier run, by model and version.");
        CacheMisses = _meter.CreateCounter<long>("larder.inference.cache_misses", "{request}", "Requests that the response cache had no outputs for, by model and version.");
        BatchRows = _meter.CreateHistogram<long>("larder.inference.batch_rows", "{row}", "Rows of one run, of however many requests, by model and version.");
    }

    internal Counter<long> Loads { get; }

    internal Counter<long> LoadFailures { get; }

    internal Histogram<double> LoadSeconds { get; }

    internal Counter<long> Evictions { get; }

    internal Counter<long> Runs { get; }

    internal Histogram<double> RunSeconds { get; }

    internal Histogram<long> BatchRows { get; }

    internal Counter<long> Refusals { get; }

    internal Counter<long> CacheHits { get; }

    internal Counter<long> CacheMisses { get; }

    private Counter<long> MemoryRefusals { get; }

    /// <summary>Counts a request that was refused for lack of memory.</summary>
    internal void Refused(string share, string reason) =>
        MemoryRefusals.Add(1, new KeyValuePair<string, object?>("share", share), new KeyValuePair<string, object?>("reason", reason));

    /// <summary>Adds the observable instruments of a session cache.</summary>
    internal void Observe(SessionCache cache)
    {
        _meter.CreateObservableUpDownCounter("larder.inference.loaded_bytes", () => cache.LoadedBytes, "By", "Estimated memory of loaded models.");
        _meter.CreateObservableUpDownCounter("larder.inference.loaded_models", () => cache.LoadedModels, description: "Models in memory.");
        _meter.CreateObservableGauge("larder.inference.queue_depth", cache.QueueDepths, "{request}", "Requests that wait for a run, by model and version.");
    }

    /// <summary>Adds the observable instruments of the response cache.</summary>
    internal void Observe(ResponseCache cache)
    {
        _meter.CreateObservableUpDownCounter("larder.inference.cached_bytes", () => cache.Bytes, "By", "Memory of cached responses.");
        _meter.CreateObservableUpDownCounter("larder.inference.cached_responses", () => cache.Count, description: "Cached responses.");
    }

    /// <summary>Adds the observable instruments of the budget of bytes in flight.</summary>
    internal void Observe(MemoryBudget budget)
    {
        MemoryShare[] shares = [budget.Bodies, budget.Work];
        _meter.CreateObservableUpDownCounter("larder.inference.in_flight_bytes", () => shares.Select(share => new Measurement<long>(share.Used, share.Tag)), "By", "Bytes that requests hold, by share (bodies, work).");
        _meter.CreateObservableUpDownCounter("larder.inference.in_flight_waiting", () => shares.Select(share => new Measurement<int>(share.Waiting, share.Tag)), "{request}", "Requests that wait for memory, by share (bodies, work).");
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();
}

/// <summary>The metrics of one loaded model, with its tags created once.</summary>
internal sealed class ModelMetrics(InferenceMetrics metrics, ServableModel model)
{
    public KeyValuePair<string, object?> ModelTag { get; } = new("model", model.Name);

    public KeyValuePair<string, object?> VersionTag { get; } = new("version", model.Version);

    public void Refused(string reason) => metrics.Refusals.Add(1, ModelTag, VersionTag, new KeyValuePair<string, object?>("reason", reason));

    public bool Enabled => metrics.Runs.Enabled || metrics.RunSeconds.Enabled || metrics.BatchRows.Enabled;

    public void CountHit() => metrics.CacheHits.Add(1, ModelTag, VersionTag);

    public void CountMiss() => metrics.CacheMisses.Add(1, ModelTag, VersionTag);

    public void RecordRun(TimeSpan elapsed, long rows)
    {
        metrics.Runs.Add(1, ModelTag, VersionTag);
        metrics.RunSeconds.Record(elapsed.TotalSeconds, ModelTag, VersionTag);
        metrics.BatchRows.Record(rows, ModelTag, VersionTag);
    }
}
