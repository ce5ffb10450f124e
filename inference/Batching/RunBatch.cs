namespace Larder.Inference.Batching;

/// <summary>Requests that are run together, in the order in which their rows follow each other; often just one.</summary>
internal sealed class RunBatch(RunQueue queue) : IThreadPoolWorkItem, IDisposable
{
    private readonly CancellationTokenSource _abandoned = new();
    private int _wanted;

    public List<QueuedRun> Members { get; } = [];

    public long Rows { get; private set; }

    /// <summary>Cancelled when no member's result is wanted any more.</summary>
    public CancellationToken Abandoned => _abandoned.Token;

    public void Add(QueuedRun run)
    {
        run.Batch = this;
        Members.Add(run);
        Rows += run.Rows;
        _wanted++;
    }

    public void Abandon()
    {
        if (--_wanted == 0)
            _abandoned.Cancel();
    }

    public void Execute() => queue.RunAll(this);

    public void Dispose() => _abandoned.Dispose();
}
