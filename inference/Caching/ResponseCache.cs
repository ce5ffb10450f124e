using System.Diagnostics.CodeAnalysis;
using Larder.Inference.Limits;
using Larder.Inference.Memory;
using Larder.Inference.Metrics;
using Larder.Inference.Sessions;
using Larder.Inference.Settings;
using Larder.Inference.Tensors;

namespace Larder.Inference.Caching;

/// <summary>
/// Outputs of earlier runs of all models that have <see cref="CacheSettings.Enabled"/>, within <see cref="InferenceLimits.ResponseCacheBytes"/>: the least recently used go first. The outputs of a model
/// go when its session is freed: with its version, its settings, or when other models need the memory.
/// </summary>
internal sealed class ResponseCache : IDisposable
{
    // An answer that would push out many others is not kept.
    private const int MostShare = 8;

    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(10);

    private readonly long _limit;
    private readonly MemoryShare _work;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private readonly LinkedList<CachedResponse> _byUse = [];
    private readonly HashSet<ModelResponses> _models = [];
    private long _bytes;
    private bool _isSweeping;

    /// <param name="limits">Validated limits.</param>
    /// <param name="work">Counts outputs that are no longer in the cache, and still being sent.</param>
    /// <param name="metrics">Reports what the cache holds.</param>
    /// <param name="timeProvider">Clock of the entries' age.</param>
    public ResponseCache(InferenceLimits limits, MemoryShare work, InferenceMetrics metrics, TimeProvider timeProvider)
    {
        (_limit, _work, _time) = (limits.ResponseCacheBytes, work, timeProvider);
        _timer = timeProvider.CreateTimer(static cache => ((ResponseCache)cache!).Sweep(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        metrics.Observe(this);
    }

    /// <summary>Bytes of the outputs, and of what each entry needs beside them.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Number of entries.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _byUse.Count;
        }
    }

    /// <summary>Makes room for a model's responses; null where none are kept: the setting is off, the model has random operators, or the outputs are of a kind that is not copied.</summary>
    public ModelResponses? Open(ServableModel model, ModelMetrics metrics)
    {
        if (!model.Settings.Cache.Enabled || _limit == 0 || model.Description.HasRandomOperators || CopiedValue.FirstUnknown(model.Description.Signature) is not null)
            return null;
        var responses = new ModelResponses(this, model, metrics);
        lock (_gate)
            _models.Add(responses);
        return responses;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _timer.Dispose();
        lock (_gate)
        {
            while (_byUse.First is { } first)
                Remove(first.Value);
        }
    }

    internal void Close(ModelResponses model)
    {
        lock (_gate)
        {
            _models.Remove(model);
            while (model.ByAge.First is { } first)
                Remove(first.Value);
        }
    }

    internal bool TryFind(ModelResponses model, in ResponseKey key, TimeSpan most, [NotNullWhen(true)] out CachedResponse? found, out TimeSpan age)
    {
        lock (_gate)
        {
            age = default;
            if (!model.ByKey.TryGetValue(key, out found))
                return false;
            age = _time.GetElapsedTime(found.Made);
            if (age >= model.Lifetime)
                Remove(found);
            if (age >= model.Lifetime || age > most)
                return false;
            _byUse.Remove(found.ByUse);
            _byUse.AddLast(found.ByUse);
            found.Hold();
            return true;
        }
    }

    internal bool TryAdd(ModelResponses model, in ResponseKey key, PredictionOutputs outputs)
    {
        if (outputs.Bytes > _limit / MostShare || CachedResponse.Copy(model, key, outputs, _work, _time.GetTimestamp()) is not { } made)
            return false;
        lock (_gate)
        {
            if (made.Bytes > _limit / MostShare)
            {
                made.Drop();
                return false;
            }

            if (model.ByKey.TryGetValue(key, out var before))
                Remove(before);
            while (_bytes + made.Bytes > _limit)
                Remove(_byUse.First!.Value);
            model.ByKey.Add(key, made);
            model.ByAge.AddLast(made.ByAge);
            _byUse.AddLast(made.ByUse);
            Interlocked.Add(ref _bytes, made.Bytes);
            if (!_isSweeping)
                SweepLater();
            return true;
        }
    }

    // What no request asks for again must not stay. Only while there are entries, so that an idle server sleeps.
    private void Sweep()
    {
        lock (_gate)
        {
            _isSweeping = false;
            foreach (var model in _models)
            {
                while (model.ByAge.First is { } first && _time.GetElapsedTime(first.Value.Made) >= model.Lifetime)
                    Remove(first.Value);
            }

            if (_byUse.Count > 0)
                SweepLater();
        }
    }

    private void SweepLater()
    {
        _isSweeping = true;
        _timer.Change(SweepInterval, Timeout.InfiniteTimeSpan);
    }

    // Called under the lock.
    private void Remove(CachedResponse response)
    {
        response.Model.ByKey.Remove(response.Key);
        response.Model.ByAge.Remove(response.ByAge);
        _byUse.Remove(response.ByUse);
        Interlocked.Add(ref _bytes, -response.Bytes);
        response.Drop();
    }
}

/// <summary>The cached responses of one loaded model: of one version with one set of settings. Safe for concurrent use, by those that hold a lease on the model.</summary>
public sealed class ModelResponses
{
    private readonly ResponseCache _cache;
    private readonly ServableModel _model;
    private readonly ModelMetrics _metrics;

    internal ModelResponses(ResponseCache cache, ServableModel model, ModelMetrics metrics)
    {
        (_cache, _model, _metrics) = (cache, model, metrics);
        Lifetime = TimeSpan.FromSeconds(model.Settings.Cache.Seconds);
    }

    /// <summary>How long a response is kept at most.</summary>
    public TimeSpan Lifetime { get; }

    // These belong to the cache and change under its lock.
    internal Dictionary<ResponseKey, CachedResponse> ByKey { get; } = [];

    internal LinkedList<CachedResponse> ByAge { get; } = [];

    /// <summary>Finds the outputs of an earlier run with the same inputs.</summary>
    /// <param name="key">The inputs.</param>
    /// <param name="most">The highest age that the caller takes.</param>
    /// <param name="age">The age of what was found.</param>
    /// <returns>The outputs, which the caller disposes of; null if there are none.</returns>
    public PredictionOutputs? Find(in ResponseKey key, TimeSpan most, out TimeSpan age)
    {
        if (_cache.TryFind(this, key, most, out var found, out age))
        {
            _metrics.CountHit();
            return new PredictionOutputs(_model.Description.Signature, found);
        }

        _metrics.CountMiss();
        return null;
    }

    /// <summary>Keeps a copy of the outputs of a run.</summary>
    /// <returns>False when they are too large to be kept, or cannot be copied.</returns>
    public bool TryAdd(in ResponseKey key, PredictionOutputs outputs) => _cache.TryAdd(this, key, outputs);

    /// <summary>Removes all. Called when no lease on the model is left.</summary>
    internal void Close() => _cache.Close(this);
}

/// <summary>How a prediction used the response cache.</summary>
/// <param name="IsHit">Whether it was answered with the outputs of an earlier run.</param>
/// <param name="Time">Time to look, and to copy the outputs of a run into the cache.</param>
public sealed record CacheUse(bool IsHit, TimeSpan Time);
