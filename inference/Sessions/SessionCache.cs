using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using Larder.Inference.Batching;
using Larder.Inference.Caching;
using Larder.Inference.Limits;
using Larder.Inference.Memory;
using Larder.Inference.Metrics;
using Larder.Inference.Settings;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Inference.Sessions;

/// <summary>
/// The models in memory. Concurrent first requests share one load. A failed load is not retried for <see cref="InferenceLimits.LoadRetrySeconds"/>. A caller that
/// cancels does not cancel the load for the others. Sessions count against <see cref="InferenceLimits.LoadedBytes"/> with an estimate of their memory:
/// to make room, the least recently used are evicted, idle ones first. An evicted or unloaded session takes no new leases and is freed when its last
/// lease ends; until then the process may hold more than the limit.
/// </summary>
public sealed class SessionCache : IAsyncDisposable
{
    private readonly ArtifactFileCache _files;
    private readonly OptimizedGraphs _graphs;
    private readonly InferenceLimits _limits;
    private readonly InferenceMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly RunResources _resources;
    private readonly ThreadTrial _trial;
    private readonly ConcurrentDictionary<ServableModel, Entry> _entries = new(ServableModelComparer.Instance);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();
    private long _reservedBytes;
    private long _loadedBytes;
    private int _loadedModels;
    private bool _closed;

    /// <summary>Loads ONNX Runtime's library, tens of megabytes, and makes its environment, before the first cache of the process needs them; that one says what is wrong if it cannot.</summary>
    public static void Prepare() => OnnxEnvironment.Prepare();

    /// <param name="files">Source of the model files.</param>
    /// <param name="limits">Validated limits.</param>
    /// <param name="metrics">Counts loads and runs.</param>
    /// <param name="timeProvider">Clock of timeouts and back-off.</param>
    public SessionCache(ArtifactFileCache files, InferenceLimits limits, InferenceMetrics metrics, TimeProvider timeProvider)
    {
        _files = files;
        _graphs = new OptimizedGraphs(files);
        _limits = limits;
        _metrics = metrics;
        _time = timeProvider;
        Memory = new MemoryBudget(limits, metrics, timeProvider);
        _resources = new RunResources(limits, metrics, Memory, timeProvider);
        _trial = new ThreadTrial(_resources);
        metrics.Observe(this);
    }

    /// <summary>Budget of the bytes that requests hold in memory.</summary>
    public MemoryBudget Memory { get; }

    internal ResponseCache Responses => _resources.Responses;

    /// <summary>Estimated bytes of all sessions that are not freed yet.</summary>
    public long LoadedBytes => Interlocked.Read(ref _loadedBytes);

    /// <summary>Sessions that are not freed yet.</summary>
    public int LoadedModels => Volatile.Read(ref _loadedModels);

    /// <summary>Whether the model is in memory, so that a lease would not wait.</summary>
    public bool IsLoaded(ServableModel model) => Find(model) is not null;

    /// <summary>How the model is in memory; null while it is not.</summary>
    public LoadedState? Find(ServableModel model) => _entries.TryGetValue(model, out var entry) ? entry.Loaded?.State : null;

    /// <summary>
    /// Leases a model, and loads it first if needed. If the model is in memory, the call completes synchronously and allocates nothing. Cancelling ends the
    /// wait, not the load.
    /// </summary>
    /// <exception cref="ModelTooLargeException">The model alone exceeds the limit.</exception>
    /// <exception cref="ModelLoadException">The load failed; a retry after <see cref="InferenceLimits.LoadRetrySeconds"/> may succeed.</exception>
    public ValueTask<SessionLease> LeaseAsync(ServableModel model, CancellationToken cancellationToken) =>
        _entries.TryGetValue(model, out var entry) && entry.Loaded is { } loaded && loaded.TryLease()
            ? new(new SessionLease(loaded))
            : new(LoadAndLeaseAsync(model, cancellationToken));

    /// <summary>
    /// Loads a model before its first request and runs it once on zeros, so that ONNX Runtime's lazy work is done. Only models that no request wants at the moment are evicted for it.
    /// </summary>
    /// <param name="model">The model. If it is in memory already, nothing is done.</param>
    /// <param name="wantedFor">For how long after a request a model is wanted.</param>
    /// <param name="cancellationToken">Ends the wait, not the load.</param>
    /// <returns>False when there is no room for it: nothing was done.</returns>
    /// <exception cref="LarderException">As of <see cref="LeaseAsync"/> and <see cref="LoadedModel.RunAsync(PredictionInputs, CancellationToken)"/>.</exception>
    public async Task<bool> WarmAsync(ServableModel model, TimeSpan wantedFor, CancellationToken cancellationToken)
    {
        if (IsLoaded(model))
            return true;
        if (!TryStart(model, wantedFor))
            return false;
        using var lease = await LeaseAsync(model, cancellationToken);
        await lease.Model.RunOnZerosAsync(cancellationToken);
        return true;
    }

    /// <summary>Unloads versions of a model, with all their settings: they take no new leases and are freed when the last lease ends.</summary>
    /// <param name="name">Name of the model.</param>
    /// <param name="version">One version; null for all.</param>
    public void Unload(string name, string? version = null)
    {
        foreach (var (model, entry) in _entries)
        {
            if (model.Name == name && (version is null || model.Version == version))
                Remove(entry);
        }
    }

    /// <summary>Unloads all models, and waits for loads under way.</summary>
    public async ValueTask DisposeAsync()
    {
        Entry[] entries;
        lock (_gate)
        {
            _closed = true;
            entries = [.. _entries.Values];
        }

        await _stopping.CancelAsync();
        foreach (var entry in entries)
        {
            Remove(entry);
            // The callers that wait for the load get its failure.
            await ((Task)entry.Load).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        Responses.Dispose();
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
            // All that wait for a load are continued on one thread, one after the other: each would wait for the run of the one before.
            await Task.Yield();
            if (loaded.TryLease())
                return new SessionLease(loaded);
            // It was unloaded before this caller could lease it: load it again.
        }
    }

    private Entry EntryOf(ServableModel model)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            return Known(model) ?? Start(new Entry(model));
        }
    }

    // Called under the lock, as Start is.
    private Entry? Known(ServableModel model) =>
        _entries.TryGetValue(model, out var entry) && !(entry.Load.IsFaulted && _time.GetTimestamp() >= entry.RetryAt) ? entry : null;

    private Entry Start(Entry entry)
    {
        // Not on the caller's thread, which holds the lock; and a load outlives its caller.
        entry.Load = Task.Run(() => LoadAsync(entry, _stopping.Token), CancellationToken.None);
        _entries[entry.Model] = entry;
        return entry;
    }

    private async Task<LoadedModel> LoadAsync(Entry entry, CancellationToken cancellationToken)
    {
        var model = entry.Model;
        var started = _time.GetTimestamp();
        // The span belongs to the trace of the first request; later requests only wait.
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

    private async Task<LoadedModel> BuildAsync(Entry entry, CancellationToken cancellationToken)
    {
        var model = entry.Model;
        var bytes = SessionBuilder.EstimateBytes(model);
        if (bytes > _limits.LoadedBytes)
        {
            throw new ModelTooLargeException(
                $"{model.Name}:{model.Version} needs about {InputError.Size(bytes)} of memory, more than all models together may have ({InputError.Size(_limits.LoadedBytes)}, Limits:LoadedBytes).");
        }

        using var source = new SessionSource(_files, _graphs, model);
        OpenedSession opened = default;
        try
        {
            await source.PrepareAsync(cancellationToken);
            if (entry.ReservedBytes == 0)
                await ReserveAsync(entry, bytes, cancellationToken);
            (opened, var threads) = await OpenAsync(model, source, bytes, cancellationToken);
            var loaded = new LoadedModel(model, opened, threads, _resources, OnFreed);
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
                source.Distrust();
            opened.Dispose();
            lock (_gate)
                Unreserve(entry);
            throw;
        }
        finally
        {
            entry.Reserved.TrySetResult();
        }
    }

    // A trial has two sessions for a moment, which must fit as well.
    private async Task<(OpenedSession Opened, ThreadChoice Threads)> OpenAsync(ServableModel model, SessionSource source, long bytes, CancellationToken cancellationToken)
    {
        bool hasRoom;
        lock (_gate)
        {
            hasRoom = _reservedBytes + bytes <= _limits.LoadedBytes;
            _reservedBytes += hasRoom ? bytes : 0;
        }

        try
        {
            return await _trial.OpenAsync(model, source, hasRoom, cancellationToken);
        }
        finally
        {
            lock (_gate)
                _reservedBytes -= hasRoom ? bytes : 0;
        }
    }

    /// <summary>False when the model was unloaded while it was being loaded.</summary>
    private bool TryPublish(Entry entry, LoadedModel loaded)
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

    private async Task ReserveAsync(Entry entry, long bytes, CancellationToken cancellationToken)
    {
        while (TryReserve(entry, bytes) is { } other)
            await other.Reserved.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Reserves bytes, and evicts models to make room.</summary>
    /// <returns>Null when the bytes are reserved; otherwise a load under way to wait for before the next attempt.</returns>
    private Entry? TryReserve(Entry entry, long bytes)
    {
        var evicted = new List<Entry>();
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
            Close(evicted);
        }
    }

    /// <summary>
    /// Starts to load a model if there is room for it, which it reserves at once. Models that are idle and were not used for a time are evicted if that makes enough room; otherwise none.
    /// </summary>
    private bool TryStart(ServableModel model, TimeSpan wantedFor)
    {
        var evicted = new List<Entry>();
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            if (Known(model) is not null)
                return true;
            var bytes = SessionBuilder.EstimateBytes(model);
            var missing = _reservedBytes + bytes - _limits.LoadedBytes;
            foreach (var entry in _entries.Values
                .Where(entry => entry.Loaded is { Leases: 0 } loaded && _time.GetElapsedTime(loaded.LastUsed) >= wantedFor)
                .OrderBy(entry => entry.Loaded!.LastUsed))
            {
                if (missing <= 0)
                    break;
                missing -= entry.ReservedBytes;
                evicted.Add(entry);
            }

            if (missing > 0)
                return false;
            evicted.ForEach(Detach);
            _reservedBytes += bytes;
            Start(new Entry(model) { ReservedBytes = bytes });
        }

        Close(evicted);
        return true;
    }

    private void Close(List<Entry> evicted)
    {
        _metrics.Evictions.Add(evicted.Count);
        foreach (var gone in evicted)
            gone.Loaded!.Close();
    }

    private Entry? LeastWanted() => _entries.Values
        .Where(entry => entry.Loaded is not null)
        .OrderBy(entry => entry.Loaded!.Leases > 0)
        .ThenBy(entry => entry.Loaded!.LastUsed)
        .FirstOrDefault();

    private void Remove(Entry entry)
    {
        lock (_gate)
            Detach(entry);
        entry.Loaded?.Close();
    }

    // Removes the entry from the dictionary and the budget. Called under the lock; the caller closes the model afterwards, without the lock.
    private void Detach(Entry entry)
    {
        entry.Removed = true;
        _entries.TryRemove(KeyValuePair.Create(entry.Model, entry));
        if (entry.Loaded is not null)
            Unreserve(entry);
    }

    private void Unreserve(Entry entry)
    {
        _reservedBytes -= entry.ReservedBytes;
        entry.ReservedBytes = 0;
    }

    private void OnFreed(LoadedModel model)
    {
        Interlocked.Add(ref _loadedBytes, -model.State.Bytes);
        Interlocked.Decrement(ref _loadedModels);
    }

    /// <summary>One model: being loaded, loaded, or failed. Changes under the cache's lock.</summary>
    private sealed class Entry(ServableModel model)
    {
        private LoadedModel? _loaded;

        public ServableModel Model { get; } = model;

        /// <summary>The load, shared by all callers that wait for it.</summary>
        public Task<LoadedModel> Load { get; set; } = null!;

        /// <summary>The loaded model; null until the load has succeeded. Read without the lock.</summary>
        public LoadedModel? Loaded
        {
            get => Volatile.Read(ref _loaded);
            set => Volatile.Write(ref _loaded, value);
        }

        /// <summary>Timestamp from which a failed load may be retried.</summary>
        public long RetryAt { get; set; }

        /// <summary>Bytes of the budget that the entry holds.</summary>
        public long ReservedBytes { get; set; }

        /// <summary>Completes when the reservation has become a session or was given back.</summary>
        public TaskCompletionSource Reserved { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Whether it was unloaded or evicted.</summary>
        public bool Removed { get; set; }
    }
}


/// <summary>Keeps a loaded model alive while it is used. Dispose it exactly once, after the prediction's inputs and outputs.</summary>
public readonly struct SessionLease : IDisposable
{
    internal SessionLease(LoadedModel model) => Model = model;

    /// <summary>The model, ready to run.</summary>
    public LoadedModel Model { get; }

    /// <summary>Ends the lease, after which the model may be freed.</summary>
    public void Dispose() => Model.Release();
}

/// <summary>A model in memory, ready to run; safe for concurrent use. Reached through a <see cref="SessionLease"/>, which keeps it alive.</summary>
public sealed class LoadedModel
{
    // Bit of the lease count that says that no new leases are given.
    private const int Closed = int.MinValue;

    private static readonly TimeSpan[] Pauses = [TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(2)];

    private readonly OpenedSession _opened;
    private readonly TimeProvider _time;
    private readonly InputPool _inputs;
    private readonly Action<LoadedModel> _freed;
    private int _leases;
    private long _lastUsed;

    internal LoadedModel(ServableModel model, OpenedSession opened, ThreadChoice threads, RunResources resources, Action<LoadedModel> freed)
    {
        Model = model;
        Metrics = new ModelMetrics(resources.Metrics, model);
        Timeout = model.Settings.Queue.TimeoutSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
        _opened = opened;
        _time = resources.Time;
        _freed = freed;
        _lastUsed = _time.GetTimestamp();
        _inputs = new InputPool(Signature, resources.Limits, model.TakesMissing, resources.Memory.Work, resources.PooledInputs);
        Queue = new RunQueue(model, threads.Threads, new ModelRunner(model, opened.Session, resources, Metrics), _inputs, resources, Metrics);
        State = new LoadedState(SessionBuilder.EstimateBytes(model), threads, Queue.Slots);
        Responses = resources.Responses.Open(model, Metrics);
    }

    /// <summary>The version that is loaded.</summary>
    public ServableModel Model { get; }

    /// <summary>Inputs and outputs.</summary>
    public ModelSignature Signature => Model.Description.Signature;

    /// <summary>The owner's settings.</summary>
    public ModelSettings Settings => Model.Settings;

    /// <summary>Within which time a request must be answered that does not say it itself; null for as long as it takes.</summary>
    public TimeSpan? Timeout { get; }

    /// <summary>Outputs of earlier runs; null where none are kept.</summary>
    public ModelResponses? Responses { get; }

    internal ModelMetrics Metrics { get; }

    /// <summary>How it is in memory.</summary>
    internal LoadedState State { get; }

    /// <summary>The runs under way, and the requests that wait for one.</summary>
    internal RunQueue Queue { get; }

    /// <summary>Leases that have not ended.</summary>
    internal int Leases => Volatile.Read(ref _leases) & int.MaxValue;

    /// <summary>Timestamp of the last lease.</summary>
    internal long LastUsed => Volatile.Read(ref _lastUsed);

    /// <summary>Memory for the inputs of one prediction.</summary>
    public PredictionInputs RentInputs() => _inputs.Rent();

    /// <summary>Refuses a request that would not be answered by its deadline, before its body is read. A model that keeps responses takes all, since it may have the request's.</summary>
    /// <exception cref="ModelBusyException">Too many requests wait already, or the deadline would be missed.</exception>
    public void Admit(Deadline deadline)
    {
        if (Responses is null)
            Queue.Admit(deadline);
    }

    /// <summary>
    /// Runs the model. The caller may not touch the inputs until the task completes, and then disposes them.
    /// A run starts at once while fewer are under way than the machine has cores for, a short one on the calling thread; otherwise it waits, and may
    /// run together with others. If other runs hold the memory that it needs, it is retried a few times, after pauses.
    /// </summary>
    /// <exception cref="InvalidInputException">The model cannot take this input.</exception>
    /// <exception cref="ModelBusyException">Too many requests wait already.</exception>
    /// <exception cref="MemoryBusyException">Other runs still hold the memory after the last retry.</exception>
    /// <exception cref="RunTimeoutException">The run took too long.</exception>
    /// <exception cref="OperationCanceledException">The request was cancelled.</exception>
    public ValueTask<PredictionOutputs> RunAsync(PredictionInputs inputs, CancellationToken cancellationToken)
    {
        var running = Queue.RunAsync(inputs, cancellationToken);
        return running.IsCompletedSuccessfully ? running : RetryAsync(running, inputs, alone: false, cancellationToken);
    }

    /// <summary>The same until a deadline, at which a request that waits is dropped, and a run that no other request needs is stopped.</summary>
    /// <inheritdoc cref="RunAsync(PredictionInputs, CancellationToken)"/>
    /// <exception cref="ModelBusyException">Too many requests wait already, or the deadline would be missed.</exception>
    public ValueTask<PredictionOutputs> RunAsync(PredictionInputs inputs, Deadline deadline, CancellationToken cancellationToken) =>
        deadline.IsSet ? RunUntilAsync(inputs, deadline, cancellationToken) : RunAsync(inputs, cancellationToken);

    /// <summary>As <see cref="RunAsync(PredictionInputs, CancellationToken)"/>, but never together with other requests: the same inputs then give the same bits.</summary>
    internal ValueTask<PredictionOutputs> RunAloneAsync(PredictionInputs inputs, CancellationToken cancellationToken) =>
        RetryAsync(Queue.RunAsync(inputs, cancellationToken, alone: true), inputs, alone: true, cancellationToken);

    /// <summary>Runs the model once on zeros, in one row, if its shapes are known; what came of it does not matter: zeros may be values that the model rejects.</summary>
    /// <exception cref="RunTimeoutException">The run took too long.</exception>
    /// <exception cref="MemoryBusyException">Requests hold the memory.</exception>
    /// <exception cref="MemoryLimitException">The inputs are larger than those of a request may be.</exception>
    internal async Task RunOnZerosAsync(CancellationToken cancellationToken)
    {
        if (SampleShapes.Of(Signature, rows: 1) is not { } shapes)
            return;
        using var inputs = RentInputs();
        try
        {
            await inputs.FillZerosAsync(shapes, cancellationToken);
            (await RunAloneAsync(inputs, cancellationToken)).Dispose();
        }
        catch (InvalidInputException)
        {
        }
    }

    /// <summary>Takes a lease, without a lock; false once the model is closed.</summary>
    internal bool TryLease()
    {
        var leases = Volatile.Read(ref _leases);
        while (leases >= 0)
        {
            var seen = Interlocked.CompareExchange(ref _leases, leases + 1, leases);
            if (seen == leases)
            {
                Volatile.Write(ref _lastUsed, _time.GetTimestamp());
                return true;
            }

            leases = seen;
        }

        return false;
    }

    /// <summary>Ends a lease; the last one of a closed model frees it.</summary>
    internal void Release()
    {
        if (Interlocked.Decrement(ref _leases) == Closed)
            Free();
    }

    /// <summary>Gives no new leases, and frees the session when the last lease has ended.</summary>
    internal void Close()
    {
        if (Interlocked.Or(ref _leases, Closed) == 0)
            Free();
    }

    private async ValueTask<PredictionOutputs> RunUntilAsync(PredictionInputs inputs, Deadline deadline, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            if (deadline.Left is var left && left <= TimeSpan.Zero)
                throw new OperationCanceledException();
            stop.CancelAfter(left);
            return await RetryAsync(Queue.RunAsync(inputs, stop.Token, deadline: deadline), inputs, alone: false, stop.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new RunTimeoutException(string.Create(
                CultureInfo.InvariantCulture, $"{Model.Name}:{Model.Version} had no answer within the {deadline.Timeout.TotalSeconds:0.###} s that the request may take."));
        }
    }

    // Every request that waits in the queue comes through here, so its state is pooled.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<PredictionOutputs> RetryAsync(ValueTask<PredictionOutputs> running, PredictionInputs inputs, bool alone, CancellationToken cancellationToken)
    {
        foreach (var pause in Pauses)
        {
            try
            {
                return await running;
            }
            catch (MemoryBusyException)
            {
                await Task.Delay(pause, _time, cancellationToken);
                running = Queue.RunAsync(inputs, cancellationToken, alone);
            }
        }

        return await running;
    }

    private void Free()
    {
        Responses?.Close();
        _inputs.Close();
        Queue.Close();
        _opened.Dispose();
        _freed(this);
    }
}

/// <summary>How a model is in memory.</summary>
/// <param name="Bytes">Bytes that it counts with against <see cref="InferenceLimits.LoadedBytes"/>, by estimate.</param>
/// <param name="Threads">Threads of a run.</param>
/// <param name="Runs">Runs that go on at the same time, at most.</param>
public sealed record LoadedState(long Bytes, ThreadChoice Threads, int Runs);
