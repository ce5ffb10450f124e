using Larder.Inference.Limits;
using Larder.Inference.Metrics;
using Larder.Inference.Tensors;

namespace Larder.Inference.Memory;

/// <summary>
/// The bytes that requests of the whole process hold in memory at the same time (<see cref="InferenceLimits.InFlightBytes"/>). One half is for bodies, the other for
/// tensors, images and outputs. A request takes from the first half before the second, never the other way round, so that two requests cannot deadlock.
/// </summary>
public sealed class MemoryBudget
{
    /// <param name="limits">Validated limits.</param>
    /// <param name="metrics">Reports the bytes in flight and the refusals.</param>
    /// <param name="timeProvider">Clock of timeouts.</param>
    public MemoryBudget(InferenceLimits limits, InferenceMetrics metrics, TimeProvider timeProvider)
    {
        var half = limits.MostInFlightBytes / 2;
        var timeout = TimeSpan.FromSeconds(limits.InFlightWaitSeconds);
        Bodies = new MemoryShare("bodies", half, timeout, metrics, timeProvider);
        Work = new MemoryShare("work", half, timeout, metrics, timeProvider);
        metrics.Observe(this);
    }

    /// <summary>Bodies that are received and not parsed yet.</summary>
    public MemoryShare Bodies { get; }

    /// <summary>Input tensors, images that are being decoded, outputs that are being written.</summary>
    public MemoryShare Work { get; }
}

/// <summary>
/// One half of the <see cref="MemoryBudget"/>: a number of bytes that may be in flight. A request that does not fit waits, in order, and is refused after a timeout. An eighth is reserved for
/// small requests, which therefore never wait for large ones.
/// </summary>
public sealed class MemoryShare
{
    /// <summary>Most bytes of a small request.</summary>
    public const long SmallBytes = 64 << 10;

    private readonly string _name;
    private readonly TimeSpan _timeout;
    private readonly InferenceMetrics _metrics;
    private readonly Lane _small;
    private readonly Lane _large;

    internal MemoryShare(string name, long limit, TimeSpan timeout, InferenceMetrics metrics, TimeProvider timeProvider)
    {
        _name = name;
        _timeout = timeout;
        _metrics = metrics;
        _small = new Lane(limit / 8, timeProvider);
        _large = new Lane(limit - (limit / 8), timeProvider);
    }

    /// <summary>Bytes in flight. Outputs exist already when they are counted, so they may exceed the limit.</summary>
    public long Used => _small.Used + _large.Used;

    /// <summary>Number of waiting requests.</summary>
    public int Waiting => _small.Waiting + _large.Waiting;

    /// <summary>Most bytes that one request may take.</summary>
    public long Most => _large.Limit;

    internal KeyValuePair<string, object?> Tag => new("share", _name);

    /// <summary>Takes bytes, which must be given back by one call of <see cref="Release"/>. Completes synchronously and allocates nothing while there is room.</summary>
    /// <param name="bytes">Number of bytes.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="timeout">Timeout; null for <see cref="InferenceLimits.InFlightWaitSeconds"/>.</param>
    /// <exception cref="MemoryLimitException">The bytes exceed <see cref="Most"/>.</exception>
    /// <exception cref="MemoryBusyException">The bytes did not become free within the timeout.</exception>
    public ValueTask TakeAsync(long bytes, CancellationToken cancellationToken, TimeSpan? timeout = null)
    {
        if (bytes > Most)
            return ValueTask.FromException(TooLarge(bytes));
        var lane = LaneOf(bytes);
        return lane.Waiting == 0 && lane.TryTake(bytes) ? ValueTask.CompletedTask : new(WaitAsync(lane, bytes, timeout ?? _timeout, cancellationToken));
    }

    /// <summary>Counts bytes that are allocated already.</summary>
    public void Add(long bytes) => LaneOf(bytes).Add(bytes);

    /// <summary>Gives back bytes: as many as one call has taken or counted.</summary>
    public void Release(long bytes) => LaneOf(bytes).Release(bytes);

    private Lane LaneOf(long bytes) => bytes <= SmallBytes ? _small : _large;

    private async Task WaitAsync(Lane lane, long bytes, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (await lane.TryWaitAsync(bytes, timeout, cancellationToken))
            return;
        _metrics.Refused(_name, "busy");
        throw new MemoryBusyException(
            $"The server holds as many bytes of requests as it may ({InputError.Size(lane.Limit)} of {_name}, a part of Limits:InFlightBytes), and there was no room for {InputError.Size(bytes)} more within {timeout.TotalSeconds:0.#} s. Try again later.");
    }

    private MemoryLimitException TooLarge(long bytes)
    {
        _metrics.Refused(_name, "too_large");
        return new($"The request needs about {InputError.Size(bytes)} of memory ({_name}); one request may take {InputError.Size(Most)} (a part of Limits:InFlightBytes). Send it in smaller parts.");
    }

    /// <summary>A number of bytes, and the requests that wait for some of them.</summary>
    private sealed class Lane(long limit, TimeProvider timeProvider)
    {
        private readonly Lock _gate = new();
        private readonly LinkedList<Waiter> _waiters = [];
        private long _used;
        private int _waiting;

        public long Limit => limit;

        public long Used => Interlocked.Read(ref _used);

        public int Waiting => Volatile.Read(ref _waiting);

        public void Add(long bytes) => Interlocked.Add(ref _used, bytes);

        public void Release(long bytes)
        {
            Interlocked.Add(ref _used, -bytes);
            if (Waiting > 0)
                Serve();
        }

        public bool TryTake(long bytes)
        {
            var used = Used;
            while (used + bytes <= limit)
            {
                var seen = Interlocked.CompareExchange(ref _used, used + bytes, used);
                if (seen == used)
                    return true;
                used = seen;
            }

            return false;
        }

        /// <summary>False on timeout.</summary>
        public async Task<bool> TryWaitAsync(long bytes, TimeSpan timeout, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var waiter = new Waiter(bytes);
            lock (_gate)
            {
                waiter.Node = _waiters.AddLast(waiter);
                Interlocked.Increment(ref _waiting);
            }

            // Bytes may have been given back before this waiter was visible.
            Serve();
            try
            {
                await waiter.Task.WaitAsync(timeout, timeProvider, cancellationToken);
                return true;
            }
            catch (Exception failure) when (failure is TimeoutException or OperationCanceledException)
            {
                if (TryLeave(waiter))
                    Serve();
                else
                    Release(bytes);
                if (failure is OperationCanceledException)
                    throw;
                return false;
            }
        }

        /// <summary>False when the waiter has its bytes already.</summary>
        private bool TryLeave(Waiter waiter)
        {
            lock (_gate)
            {
                if (waiter.Node!.List is null)
                    return false;
                _waiters.Remove(waiter.Node);
                Interlocked.Decrement(ref _waiting);
                return true;
            }
        }

        private void Serve()
        {
            lock (_gate)
            {
                while (_waiters.First is { } first && TryTake(first.Value.Bytes))
                {
                    _waiters.RemoveFirst();
                    Interlocked.Decrement(ref _waiting);
                    first.Value.TrySetResult();
                }
            }
        }
    }

    private sealed class Waiter(long bytes) : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public long Bytes { get; } = bytes;

        public LinkedListNode<Waiter>? Node { get; set; }
    }
}
