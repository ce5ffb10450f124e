namespace Larder.Inference.Batching;

/// <summary>
/// Threads for long runs, so that thread-pool threads stay free for parsing, answering and collecting requests for the next run. There are
/// as many as there are runs; idle ones take the next run, of any model, and end after a timeout.
/// </summary>
internal sealed class RunThreads
{
    // The next request often comes some microseconds after a run has ended. Waking a thread that sleeps costs more than giving way to others for that time.
    private const int TurnsBeforeSleep = 20;

    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(10);

    private readonly object _gate = new();
    private readonly Queue<IThreadPoolWorkItem> _work = [];

    // Items in the queue, read without the lock by threads that are awake.
    private volatile int _queued;

    // Idle threads.
    private int _awake;
    private int _asleep;

    private int _onCaller;

    /// <summary>Runs the work, which must not throw, on one of these threads.</summary>
    public void Post(IThreadPoolWorkItem work)
    {
        lock (_gate)
        {
            _work.Enqueue(work);
            _queued = _work.Count;
            // Every idle thread takes one item: one that is awake looks before it sleeps, and one that was woken takes it when it runs.
            if (_queued <= _awake)
                return;
            if (_queued <= _awake + _asleep)
            {
                Monitor.Pulse(_gate);
                return;
            }
        }

        // The thread serves other requests later, so it must not keep the execution context of this one.
        new Thread(TakeWork) { IsBackground = true, Name = "Larder run" }.UnsafeStart();
    }

    /// <summary>Whether a caller may do a run itself, on a pool thread, in place of one of these: one caller of the process at a time, until <see cref="EndOnCaller"/>.</summary>
    public bool TryBeginOnCaller() => Interlocked.CompareExchange(ref _onCaller, 1, 0) == 0;

    /// <summary>That run has ended.</summary>
    public void EndOnCaller() => Volatile.Write(ref _onCaller, 0);

    private void TakeWork()
    {
        while (Next() is { } work)
            work.Execute();
    }

    private IThreadPoolWorkItem? Next()
    {
        lock (_gate)
        {
            if (TryTake() is { } work)
                return work;
            _awake++;
        }

        for (var turn = 0; turn < TurnsBeforeSleep && _queued == 0; turn++)
            Thread.Yield();

        lock (_gate)
        {
            _awake--;
            while (true)
            {
                if (TryTake() is { } work)
                    return work;
                _asleep++;
                var woken = Monitor.Wait(_gate, IdleTimeout);
                _asleep--;
                if (!woken && _queued == 0)
                    return null;
            }
        }
    }

    // Called under the lock.
    private IThreadPoolWorkItem? TryTake()
    {
        if (!_work.TryDequeue(out var work))
            return null;
        _queued = _work.Count;
        return work;
    }
}
