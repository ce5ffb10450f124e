namespace Microsoft.DurableTask.Embedded;

/// <summary>
/// Runs an orchestrator's code on one thread at a time, and only when told to: what is posted while it runs waits its turn, in order. Whatever
/// is posted from elsewhere is the end of an await on something that is not a durable task: it is not run, and reported.
/// </summary>
/// <param name="onForeign">Called when something was posted from elsewhere; from there.</param>
internal sealed class OrchestratorScheduler(Action onForeign) : SynchronizationContext
{
    private readonly Queue<(SendOrPostCallback Callback, object? State)> queue = new();

    // The thread that runs the code; 0 while nothing runs.
    private volatile int thread;

    /// <summary>Whether the caller is the orchestrator's code, where it should be.</summary>
    public bool IsHere => thread == Environment.CurrentManagedThreadId;

    /// <summary>Runs something, and all that it posts.</summary>
    public void Run(Action action)
    {
        var previous = Current;
        SetSynchronizationContext(this);
        thread = Environment.CurrentManagedThreadId;
        try
        {
            action();
            while (queue.TryDequeue(out var work))
                work.Callback(work.State);
        }
        finally
        {
            thread = 0;
            SetSynchronizationContext(previous);
        }
    }

    /// <inheritdoc/>
    public override void Post(SendOrPostCallback d, object? state)
    {
        if (IsHere)
            queue.Enqueue((d, state));
        else
            onForeign();
    }

    /// <inheritdoc/>
    public override void Send(SendOrPostCallback d, object? state)
    {
        if (IsHere)
            d(state);
        else
            onForeign();
    }

    /// <inheritdoc/>
    public override SynchronizationContext CreateCopy() => this;
}
