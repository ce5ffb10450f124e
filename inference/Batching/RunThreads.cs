namespace Larder.Inference.Batching;

/// <summary>
/// Threads for long runs, so that thread-pool threads stay free for parsing, answering and collecting requests for the next run. There are
/// as many as there are runs; idle ones take the next run, of any model, and end after a timeout.
/// </summary>
internal sealed class RunThreads
{
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(10);

    private readonly object _gate = new();
    private readonly Queue<IThreadPoolWorkItem> _work = [];
    private int _idle;
    private int _onCaller;

    /// <summary>Runs the work, which must not throw, on one of these threads.</summary>
    public void Post(IThreadPoolWorkItem work)
    {
        lock (_gate)
        {
            _work.Enqueue(work);
            // Every idle thread takes one item, also a thread that was woken and does not run yet.
            if (_work.Count <= _idle)
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
            while (_work.Count == 0)
            {
                _idle++;
                var woken = Monitor.Wait(_gate, IdleTimeout);
                _idle--;
                if (!woken && _work.Count == 0)
                    return null;
            }

            return _work.Dequeue();
        }
    }
}
