using System.Collections.Concurrent;
using Larder.Inference.Batching;
using Larder.Inference.Limits;
using Larder.Inference.Memory;
using Larder.Inference.Metrics;
using Larder.Inference.Tensors;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Inference.Sessions;

/// <summary>
/// The models in memory. Concurrent first requests share one load; a load that failed is not tried again for a moment; a caller that
/// gives up does not stop the load for the others. Sessions are counted with an estimate against <see cref="InferenceLimits.LoadedBytes"/>:
/// to make room, the least recently used go, idle ones first. An evicted or unloaded session takes no new leases and is freed when its last
/// lease ends, so for as long as its last runs take, more may be held than the limit says.
/// </summary>
public sealed class SessionCache : IAsyncDisposable
{
    private readonly ArtifactFileCache _files;
    private readonly InferenceLimits _limits;
    private readonly InferenceMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<ServableModel, CacheEntry> _entries = new(ServableModelComparer.Instance);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();
    private long _reservedBytes;
    private long _loadedBytes;
    private int _loadedModels;
    private bool _closed;

    /// <param name="files">Where models are loaded from.</param>
    /// <param name="limits">Validated limits.</param>
    /// <param name="metrics">Where loads and runs are counted.</param>
    /// <param name="timeProvider">The clock.</param>
    public SessionCache(ArtifactFileCache files, InferenceLimits limits, InferenceMetrics metrics, TimeProvider timeProvider)
    {
        _files = files;
        _limits = limits;
        _metrics = metrics;
        _time = timeProvider;
        Memory = new MemoryBudget(limits, metrics, timeProvider);
        Environment = OnnxEnvironment.Open(limits.MostRunBytes);
        metrics.Observe(this);
    }

    /// <summary>What requests may hold in memory.</summary>
    public MemoryBudget Memory { get; }

    internal OnnxEnvironment Environment { get; }

    internal InferenceLimits Limits => _limits;

    internal InferenceMetrics Metrics => _metrics;

    internal TimeProvider TimeProvider => _time;

    internal RunThreads Threads { get; } = new();

    internal PooledBytes PooledInputs { get; } = new();

    /// <summary>Estimated bytes of all sessions that are not freed yet.</summary>
    public long LoadedBytes => Interlocked.Read(ref _loadedBytes);

    /// <summary>Sessions that are not freed yet.</summary>
    public int LoadedModels => Volatile.Read(ref _loadedModels);

    /// <summary>Whether the model is in memory, so that a lease would not wait.</summary>
    public bool IsLoaded(ServableModel model) => _entries.TryGetValue(model, out var entry) && entry.Loaded is not null;

    /// <summary>
    /// Leases a model, and loads it first where needed. Completes synchronously and allocates nothing when it is in memory. Cancelling ends the
    /// wait, not the load.
    /// </summary>
    /// <exception cref="ModelTooLargeException">It can never be loaded within the limit.</exception>
    /// <exception cref="ModelLoadException">It could not be loaded; trying again after <see cref="InferenceLimits.LoadRetrySeconds"/> may succeed.</exception>
    public ValueTask<SessionLease> LeaseAsync(ServableModel model, CancellationToken cancellationToken) =>
        _entries.TryGetValue(model, out var entry) && entry.Loaded is { } loaded && loaded.TryLease()
            ? new(new SessionLease(loaded))
            : new(LoadAndLeaseAsync(model, cancellationToken));

    /// <summary>Unloads the versions of a model, whatever their settings: no new leases; freed when the last one ends.</summary>
    /// <param name="name">The model.</param>
    /// <param name="version">One version of it; null for all.</param>
    public void Unload(string name, string? version = null)
    {
        foreach (var (model, entry) in _entries)
        {
            if (model.Name == name && (version is null || model.Version == version))
                Remove(entry);
        }
    }

    /// <summary>Unloads everything, and waits for loads under way.</summary>
    public async ValueTask DisposeAsync()
    {
        CacheEntry[] entries;
        lock (_gate)
        {
            _closed = true;
            entries = [.. _entries.Values];
        }

        await _stopping.CancelAsync();
        foreach (var entry in entries)
        {
            Remove(entry);
            // Its failure is told to those who wait for it.
            await ((Task)entry.Load).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    internal IEnumerable<System.Diagnostics.Metrics.Measurement<int>> QueueDepths()
    {
        foreach (var entry in _entries.Values)
        {
            if (entry.Loaded is { } loaded)
                yield return new(loaded.Queue.Waiting, loaded.Metrics.ModelTag, loaded.Metrics.VersionTag);
        }
    }

    private async Task<SessionLease> LoadAndLeaseAsync(ServableModel model, CancellationToken cancellationToken)
    {
        while (true)
        {
            var loaded = await EntryOf(model).Load.WaitAsync(cancellationToken);
            if (loaded.TryLease())
                return new SessionLease(loaded);
            // Unloaded again before its turn came.
        }
    }

    private CacheEntry EntryOf(ServableModel model)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            if (_entries.TryGetValue(model, out var entry) && !(entry.Load.IsFaulted && _time.GetTimestamp() >= entry.RetryAt))
                return entry;
            entry = new CacheEntry(model);
            // Not on the caller's thread: it may hold the lock, and a load outlives the caller.
            entry.Load = Task.Run(() => LoadAsync(entry, _stopping.Token), CancellationToken.None);
            _entries[model] = entry;
            return entry;
        }
    }

    private async Task<LoadedModel> LoadAsync(CacheEntry entry, CancellationToken cancellationToken)
    {
        var model = entry.Model;
        var started = _time.GetTimestamp();
        // The first request's trace has it; later ones only wait for it.
        using var span = InferenceSpans.Load(model);
        try
        {
            var loaded = await BuildAsync(entry, cancellationToken);
            _metrics.Loads.Add(1);
            _metrics.LoadSeconds.Record(_time.GetElapsedTime(started).TotalSeconds);
            return loaded;
        }
        catch (Exception failure)
        {
            _metrics.LoadFailures.Add(1);
            InferenceSpans.Fail(span, failure);
            entry.RetryAt = _time.GetTimestamp() + (long)(_limits.LoadRetrySeconds * _time.TimestampFrequency);
            if (failure is ModelTooLargeException)
                throw;
            throw new ModelLoadException($"{model.Name}:{model.Version} could not be loaded.", failure);
        }
    }

    private async Task<LoadedModel> BuildAsync(CacheEntry entry, CancellationToken cancellationToken)
    {
        var model = entry.Model;
        var bytes = SessionBuilder.EstimateBytes(model);
        if (bytes > _limits.LoadedBytes)
        {
            throw new ModelTooLargeException(
                $"{model.Name}:{model.Version} needs about {InputError.Size(bytes)} of memory, more than all models together may have ({InputError.Size(_limits.LoadedBytes)}, Limits:LoadedBytes).");
        }

        using var file = await _files.RentAsync(model.Sha256, model.Bytes, cancellationToken);
        await ReserveAsync(entry, bytes, cancellationToken);
        InferenceSession? session = null;
        try
        {
            session = SessionBuilder.Build(model, file.Path);
            var loaded = new LoadedModel(model, session, this, OnFreed);
            Interlocked.Add(ref _loadedBytes, bytes);
            Interlocked.Increment(ref _loadedModels);
            if (!TryPublish(entry, loaded))
                loaded.Close();
            return loaded;
        }
        catch (Exception failure)
        {
            // The file may have been damaged since it was verified.
            if (failure is OnnxRuntimeException)
                file.Distrust();
            session?.Dispose();
            lock (_gate)
                Unreserve(entry);
            throw;
        }
        finally
        {
            entry.Reserved.TrySetResult();
        }
    }

    /// <summary>False when the model was unloaded while it was being loaded.</summary>
    private bool TryPublish(CacheEntry entry, LoadedModel loaded)
    {
        lock (_gate)
        {
            if (entry.Removed)
                Unreserve(entry);
            else
                entry.Loaded = loaded;
            return !entry.Removed;
        }
    }

    private async Task ReserveAsync(CacheEntry entry, long bytes, CancellationToken cancellationToken)
    {
        while (TryReserve(entry, bytes) is { } other)
            await other.Reserved.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Null when there is room now; otherwise a load to wait for, after which there may be.</summary>
    private CacheEntry? TryReserve(CacheEntry entry, long bytes)
    {
        var evicted = new List<CacheEntry>();
        try
        {
            lock (_gate)
            {
                while (_reservedBytes + bytes > _limits.LoadedBytes)
                {
                    if (LeastWanted() is { } least)
                    {
                        Detach(least);
                        evicted.Add(least);
                    }
                    else if (_entries.Values.FirstOrDefault(other => other.ReservedBytes > 0) is { } loading)
                    {
                        return loading;
                    }
                    else
                    {
                        break;
                    }
                }

                entry.ReservedBytes = bytes;
                _reservedBytes += bytes;
                return null;
            }
        }
        finally
        {
            _metrics.Evictions.Add(evicted.Count);
            foreach (var gone in evicted)
                gone.Loaded!.Close();
        }
    }

    private CacheEntry? LeastWanted() => _entries.Values
        .Where(entry => entry.Loaded is not null)
        .OrderBy(entry => entry.Loaded!.Leases > 0)
        .ThenBy(entry => entry.Loaded!.LastUsed)
        .FirstOrDefault();

    private void Remove(CacheEntry entry)
    {
        lock (_gate)
            Detach(entry);
        entry.Loaded?.Close();
    }

    // Out of the dictionary and of the budget; whoever calls this closes it, without the lock.
    private void Detach(CacheEntry entry)
    {
        entry.Removed = true;
        _entries.TryRemove(KeyValuePair.Create(entry.Model, entry));
        if (entry.Loaded is not null)
            Unreserve(entry);
    }

    private void Unreserve(CacheEntry entry)
    {
        _reservedBytes -= entry.ReservedBytes;
        entry.ReservedBytes = 0;
    }

    private void OnFreed(LoadedModel model)
    {
        Interlocked.Add(ref _loadedBytes, -model.Bytes);
        Interlocked.Decrement(ref _loadedModels);
    }
}
