namespace Larder.Inference.Batching;

/// <summary>
/// Threads for long runs, so that they do not take the thread pool's from parsing, answering and gathering requests for the next run. There are
/// as many as runs go on; idle ones serve the next run, of whatever model, and end after a while.
/// </summary>
internal sealed class RunThreads
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly object _gate = new();
    private readonly Queue<IThreadPoolWorkItem> _work = [];
    private int _idle;

    /// <summary>Runs the work, which must not throw, on a thread of its own.</summary>
    public void Post(IThreadPoolWorkItem work)
    {
        lock (_gate)
        {
            _work.Enqueue(work);
            // Each idle thread will take one, also one that was woken and has not come round yet.
            if (_work.Count <= _idle)
            {
                Monitor.Pulse(_gate);
                return;
            }
        }

        // It serves other requests after this one: it must not keep this one's execution context.
        new Thread(TakeWork) { IsBackground = true, Name = "Larder run" }.UnsafeStart();
    }

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
                var woken = Monitor.Wait(_gate, Patience);
                _idle--;
                if (!woken && _work.Count == 0)
                    return null;
            }

            return _work.Dequeue();
        }
    }
}
