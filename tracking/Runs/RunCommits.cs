using Larder.Inference;
using Larder.Registry.Errors;
using Larder.Registry.Storage;
using Larder.Tracking.Metrics;

namespace Larder.Tracking.Runs;

/// <summary>
/// Changes runs. Changes of one run that come while another is being written wait for that write and then are one write together (group commit), so that many
/// writers of a run do not lose races against each other. The document that this process wrote last is the base of the next write, without a read: the write is
/// conditional, and a run that another process changed is read again. A caller is answered when the write that has its change is acknowledged.
/// </summary>
/// <param name="documents">The store.</param>
/// <param name="written">Is told of every document that was written.</param>
internal sealed class RunCommits(IDocumentStore documents, Action<RunDocument> written)
{
    // Of the changes of one write.
    private const int MaxPoints = 4 * TrackingRules.BatchMetrics;

    // From this many points on, the tail moves to a chunk: it is written again with every change.
    private const int TailPoints = 500;

    // Of a chunk, after which another is begun: about 700 kB.
    private const int ChunkPoints = 16_000;

    // Beyond it, idle runs are forgotten; the next change of such a run costs a read.
    private const int MaxLines = 2_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Line> _lines = new(StringComparer.Ordinal);

    /// <summary>Changes a run.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="points">How many points of metrics the change adds.</param>
    /// <param name="change">Makes the change; it may be called several times. What it throws is thrown to the caller, and nothing of it is written.</param>
    /// <param name="cancellationToken">Cancels the waiting; the change may be made all the same.</param>
    /// <exception cref="NotFoundException">There is no such run.</exception>
    public Task<Run> ChangeAsync(string runId, int points, Action<RunDraft> change, CancellationToken cancellationToken)
    {
        var pending = new Pending(points, change, cancellationToken);
        Line? line;
        bool isIdle;
        lock (_gate)
        {
            if (!_lines.TryGetValue(runId, out line))
            {
                Trim();
                _lines.Add(runId, line = new Line(runId));
            }
            line.Queue.Enqueue(pending);
            isIdle = !line.IsRunning;
            line.IsRunning = true;
        }
        if (isIdle)
            _ = RunAsync(line);
        return pending.Done.Task.WaitAsync(cancellationToken);
    }

    private void Trim()
    {
        if (_lines.Count < MaxLines)
            return;
        foreach (var idle in _lines.Values.Where(line => !line.IsRunning).Take(MaxLines / 2).ToList())
            _lines.Remove(idle.RunId);
    }

    private async Task RunAsync(Line line)
    {
        while (Next(line) is { Count: > 0 } group)
        {
            try
            {
                await CommitAsync(line, group);
            }
            catch (Exception e)
            {
                // It may have been written or not.
                line.Last = null;
                group.ForEach(pending => pending.Done.TrySetException(e));
            }
        }
    }

    private List<Pending> Next(Line line)
    {
        var (group, points) = (new List<Pending>(), 0);
        lock (_gate)
        {
            while (line.Queue.TryPeek(out var pending) && (group.Count == 0 || points + pending.Points <= MaxPoints))
            {
                points += pending.Points;
                group.Add(line.Queue.Dequeue());
            }
            line.IsRunning = group.Count > 0;
        }
        return group;
    }

    private async Task CommitAsync(Line line, List<Pending> group)
    {
        var backoff = new Backoff("the run");
        while (true)
        {
            var isFresh = line.Last is null;
            var read = line.Last ?? await ReadAsync(line.RunId);
            if (read is null)
            {
                group.ForEach(pending => pending.Done.TrySetException(RunStore.NotFound(line.RunId)));
                return;
            }

            var (draft, made, refused) = (new RunDraft(read.Value), new List<Pending>(), new List<(Pending, LarderException)>());
            foreach (var pending in group.Where(pending => !pending.CancellationToken.IsCancellationRequested))
            {
                try
                {
                    if (draft.IsPurging)
                        throw RunStore.NotFound(line.RunId);
                    pending.Change(draft);
                    made.Add(pending);
                }
                catch (LarderException e)
                {
                    refused.Add((pending, e));
                }
            }
            // What another process wrote meanwhile may say otherwise.
            if (!isFresh && (refused.Count > 0 || !draft.IsChanged))
            {
                line.Last = null;
                continue;
            }

            try
            {
                line.Last = draft.IsChanged ? await WriteAsync(read, draft.Build()) : read;
            }
            catch (ETagMismatchException)
            {
                line.Last = null;
                await backoff.NextAsync(CancellationToken.None);
                continue;
            }

            made.ForEach(pending => pending.Done.TrySetResult(line.Last.Value.Run));
            refused.ForEach(pending => pending.Item1.Done.TrySetException(pending.Item2));
            return;
        }
    }

    private Task<Document<RunDocument>?> ReadAsync(string runId) => RunId.TryExperiment(runId, out var experiment)
        ? documents.GetAsync(TrackingCollections.Runs, experiment, runId)
        : Task.FromResult<Document<RunDocument>?>(null);

    private async Task<Document<RunDocument>> WriteAsync(Document<RunDocument> read, RunDocument next)
    {
        var (chunked, made, replaced) = await ChunkAsync(next);
        Document<RunDocument> stored;
        try
        {
            stored = await documents.WriteAsync(TrackingCollections.Runs, read.Partition, read.Id, read, chunked, CancellationToken.None);
        }
        catch (ETagMismatchException) when (made is not null)
        {
            await documents.TryDeleteAsync(TrackingCollections.Chunks, made, CancellationToken.None);
            throw;
        }
        written(chunked);
        if (replaced is not null)
            await documents.TryDeleteAsync(TrackingCollections.Chunks, replaced, CancellationToken.None);
        return stored;
    }

    /// <summary>
    /// Moves the tail to a chunk when it is long: to a new one that has the points of the last chunk too, if there is room. The chunk is stored before the document that
    /// names it; after a crash in between nothing names the chunk, and it goes when the run is purged.
    /// </summary>
    private async Task<(RunDocument Next, Document<MetricChunk>? Made, Document<MetricChunk>? Replaced)> ChunkAsync(RunDocument next)
    {
        var points = next.Tail.Values.Sum(series => series.Count);
        if (points < TailPoints || next.IsPurging)
            return (next, null, null);
        var last = next.Chunks is [.., var newest] ? newest : null;
        var extended = last is not null && last.Points + points <= ChunkPoints
            ? await documents.GetAsync(TrackingCollections.Chunks, next.Run.Id, last.Id)
            : null;
        var chunk = new MetricChunk { Series = extended is null ? next.Tail : MetricChunk.Join(extended.Value.Series, next.Tail) };
        var id = Guid.NewGuid().ToString("N");
        var etag = await documents.CreateAsync(TrackingCollections.Chunks, next.Run.Id, id, chunk);
        var kept = extended is null ? next.Chunks : next.Chunks.Take(next.Chunks.Count - 1);
        var reference = new MetricChunkReference(id, points + (extended is null ? 0 : last!.Points));
        return (next with { Tail = new Dictionary<string, MetricSeries>(), Chunks = [.. kept, reference] }, new Document<MetricChunk>(next.Run.Id, id, etag, chunk), extended);
    }

    private sealed record Pending(int Points, Action<RunDraft> Change, CancellationToken CancellationToken)
    {
        public TaskCompletionSource<Run> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class Line(string runId)
    {
        public string RunId => runId;

        public Queue<Pending> Queue { get; } = [];

        public bool IsRunning { get; set; }

        /// <summary>The document as this process wrote or read it last; only the one loop of the line touches it.</summary>
        public Document<RunDocument>? Last { get; set; }
    }
}
