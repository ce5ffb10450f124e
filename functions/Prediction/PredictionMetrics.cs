using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Larder.Inference.Tensors;
using Larder.Registry.Models;
using Microsoft.AspNetCore.Http;

namespace Larder.Functions.Prediction;

/// <summary>Metrics of predictions: requests, errors and durations by model, version and status; and the statistics of each version.</summary>
public sealed class PredictionMetrics
{
    private readonly PredictionStatistics _statistics;
    private readonly Counter<long> _requests;
    private readonly Counter<long> _errors;
    private readonly Histogram<double> _seconds;
    private long _inFlight;

    /// <summary>Creates the instruments.</summary>
    public PredictionMetrics(IMeterFactory meters, PredictionStatistics statistics)
    {
        var meter = meters.Create("Larder.Functions");
        _statistics = statistics;
        _requests = meter.CreateCounter<long>("larder.prediction.requests", null, "Predictions asked for, by model and version.");
        _errors = meter.CreateCounter<long>("larder.prediction.errors", null, "Predictions not answered with 200, by model, version and status.");
        _seconds = meter.CreateHistogram<double>("larder.prediction.duration", "s", "Time from the request's headers to the answer's last byte, by model and version.");
        meter.CreateObservableUpDownCounter("larder.prediction.in_flight", () => Interlocked.Read(ref _inFlight), null, "Predictions being worked on.");
        TritonMetrics.Observe(meters, statistics);
    }

    /// <summary>Counts the start of a prediction.</summary>
    /// <returns>Timestamp to pass to <see cref="Succeed"/> or <see cref="Fail"/>.</returns>
    public long Begin()
    {
        Interlocked.Increment(ref _inFlight);
        return Stopwatch.GetTimestamp();
    }

    /// <summary>Counts a prediction whose answer was sent.</summary>
    /// <param name="model">The version that answered.</param>
    /// <param name="times">When it came to what.</param>
    /// <param name="outputs">What was sent.</param>
    public void Succeed(ResolvedModel model, in PredictionTimes times, PredictionOutputs outputs)
    {
        End(times.Began, model, StatusCodes.Status200OK);
        _statistics.Of(model).Succeed(times, outputs);
    }

    /// <summary>Counts a prediction that failed.</summary>
    /// <param name="began">Timestamp from <see cref="Begin"/>.</param>
    /// <param name="model">The version that was resolved; null if none was, so that callers cannot create labels.</param>
    /// <param name="status">HTTP status of the answer.</param>
    public void Fail(long began, ResolvedModel? model, int status)
    {
        End(began, model, status);
        if (model is not null)
            _statistics.Of(model).Fail(Stopwatch.GetElapsedTime(began));
    }

    private void End(long began, ResolvedModel? model, int status)
    {
        Interlocked.Decrement(ref _inFlight);
        var name = new KeyValuePair<string, object?>("model", model?.Servable.Name ?? "");
        var version = new KeyValuePair<string, object?>("version", model?.Servable.Version ?? "");
        _requests.Add(1, name, version);
        _seconds.Record(Stopwatch.GetElapsedTime(began).TotalSeconds, name, version);
        if (status != StatusCodes.Status200OK)
            _errors.Add(1, name, version, new KeyValuePair<string, object?>("status", status));
    }
}

/// <summary>Timestamps of a prediction, of <see cref="Stopwatch.GetTimestamp"/>.</summary>
/// <param name="Began">The request came.</param>
/// <param name="Leased">The model was in memory.</param>
/// <param name="Read">The inputs were filled.</param>
/// <param name="Ran">The outputs were there.</param>
/// <param name="Sent">The answer was sent.</param>
public readonly record struct PredictionTimes(long Began, long Leased, long Read, long Ran, long Sent);

/// <summary>
/// What this server has predicted since its start, by version. What it deletes is forgotten, and the versions with the oldest requests are dropped above <see cref="MostVersions"/>, so that models that come and go do not
/// fill the memory.
/// </summary>
public sealed class PredictionStatistics(TimeProvider timeProvider)
{
    internal const int MostVersions = 10_000;

    private readonly ConcurrentDictionary<(string Model, string Version), VersionStatistics> _versions = new();

    /// <summary>The versions that had requests.</summary>
    public IEnumerable<VersionStatistics> Versions => _versions.Values;

    /// <summary>Those of one version; null if it had no request.</summary>
    public VersionStatistics? Find(string model, string version) => _versions.GetValueOrDefault((model, version));

    /// <summary>Forgets those of a deleted version, or of all of a model.</summary>
    internal void Forget(string model, string? version)
    {
        foreach (var (key, _) in _versions)
        {
            if (key.Model == model && (version is null || key.Version == version))
                _versions.TryRemove(key, out _);
        }
    }

    internal VersionStatistics Of(ResolvedModel model)
    {
        var key = (model.Servable.Name, model.Servable.Version);
        if (_versions.TryGetValue(key, out var known))
            return known;
        if (_versions.Count >= MostVersions)
        {
            foreach (var (old, _) in _versions.OrderBy(entry => entry.Value.LastRequest).Take(MostVersions / 10).ToList())
                _versions.TryRemove(old, out _);
        }

        return _versions.GetOrAdd(key, key => new VersionStatistics(key.Model, key.Version, timeProvider));
    }
}

/// <summary>Counts and durations of one version's predictions, as Triton's statistics extension defines them.</summary>
public sealed class VersionStatistics
{
    // Callers choose how many rows they send.
    internal const int MostBatchSizes = 256;

    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly Dictionary<long, BatchTotals> _batches = [];
    private StatisticsTotals _total;

    internal VersionStatistics(string model, string version, TimeProvider timeProvider)
    {
        (Model, Version, _time) = (model, version, timeProvider);
        LastRequest = timeProvider.GetUtcNow();
    }

    /// <summary>The model's name.</summary>
    public string Model { get; }

    /// <summary>The version's number.</summary>
    public string Version { get; }

    /// <summary>When the last request ended.</summary>
    internal DateTimeOffset LastRequest { get; private set; }

    /// <summary>The sums of all requests, all of the same moment.</summary>
    public StatisticsTotals Totals
    {
        get
        {
            lock (_gate)
                return _total;
        }
    }

    /// <summary>The sums by the rows of a run, fewest first, for at most 256 numbers of rows.</summary>
    public IReadOnlyList<BatchTotals> Batches
    {
        get
        {
            lock (_gate)
                return [.. _batches.Values.OrderBy(batch => batch.Rows)];
        }
    }

    internal void Succeed(in PredictionTimes times, PredictionOutputs outputs)
    {
        var input = Stopwatch.GetElapsedTime(times.Leased, times.Read);
        var infer = outputs.RunTime;
        // What is left of the time between inputs and outputs is the wait for a run.
        var queue = Stopwatch.GetElapsedTime(times.Read, times.Ran) - infer - (outputs.Cache?.Time ?? TimeSpan.Zero);
        var output = Stopwatch.GetElapsedTime(times.Ran, times.Sent);
        var rows = outputs.RunRows;
        lock (_gate)
        {
            LastRequest = _time.GetUtcNow();
            _total.LastInference = LastRequest;
            _total.Success += Stopwatch.GetElapsedTime(times.Began, times.Sent);
            _total.Queue += queue > TimeSpan.Zero ? queue : TimeSpan.Zero;
            if (outputs.Cache is { IsHit: true } hit)
            {
                _total.CacheHit += hit.Time;
                return;
            }

            if (outputs.Cache is { } miss)
                _total.CacheMiss += miss.Time;
            _total.Inferences += outputs.Rows;
            _total.Input += input;
            _total.Infer += infer;
            _total.Output += output;
            if (outputs.IsFirstOfRun)
                _total.Executions++;
            if (!_batches.TryGetValue(rows, out var batch) && _batches.Count == MostBatchSizes)
                return;
            batch.Rows = rows;
            batch.Input += input;
            batch.Output += output;
            if (outputs.IsFirstOfRun)
                batch.Infer += infer;
            _batches[rows] = batch;
        }
    }

    internal void Fail(TimeSpan time)
    {
        lock (_gate)
        {
            LastRequest = _time.GetUtcNow();
            _total.Failure += time;
        }
    }
}

/// <summary>Sums over all requests of a version.</summary>
public struct StatisticsTotals
{
    /// <summary>When the last prediction succeeded; null before the first.</summary>
    public DateTimeOffset? LastInference { get; internal set; }

    /// <summary>Rows that were predicted by a run.</summary>
    public long Inferences { get; internal set; }

    /// <summary>Runs of the session; requests that ran together had one.</summary>
    public long Executions { get; internal set; }

    /// <summary>Requests that were answered, from their headers to the last byte of the answer.</summary>
    public DurationSum Success { get; internal set; }

    /// <summary>Requests that failed.</summary>
    public DurationSum Failure { get; internal set; }

    /// <summary>Waits for a run.</summary>
    public DurationSum Queue { get; internal set; }

    /// <summary>Reading of inputs, from a loaded model to filled tensors.</summary>
    public DurationSum Input { get; internal set; }

    /// <summary>Runs; that of requests that ran together counts for each of them.</summary>
    public DurationSum Infer { get; internal set; }

    /// <summary>Writing and sending of outputs.</summary>
    public DurationSum Output { get; internal set; }

    /// <summary>Requests that were answered with the outputs of an earlier run: finding them. They count as successes and as waits for a run, of no time, and for nothing else.</summary>
    public DurationSum CacheHit { get; internal set; }

    /// <summary>Requests that the response cache had no outputs for: looking for them, and copying those of the run into the cache.</summary>
    public DurationSum CacheMiss { get; internal set; }
}

/// <summary>Sums over the runs with a number of rows.</summary>
public struct BatchTotals
{
    /// <summary>The rows of each run.</summary>
    public long Rows { get; internal set; }

    /// <summary>Reading of the requests' inputs.</summary>
    public DurationSum Input { get; internal set; }

    /// <summary>Runs.</summary>
    public DurationSum Infer { get; internal set; }

    /// <summary>Writing and sending of the requests' outputs.</summary>
    public DurationSum Output { get; internal set; }
}

/// <summary>How often something was done, and how long it took in all.</summary>
/// <param name="Count">How often.</param>
/// <param name="Time">How long in all.</param>
public readonly record struct DurationSum(long Count, TimeSpan Time)
{
    /// <summary>The sum with one more.</summary>
    public static DurationSum operator +(DurationSum sum, TimeSpan time) => new(sum.Count + 1, sum.Time + time);
}
