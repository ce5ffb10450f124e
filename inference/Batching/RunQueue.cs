using Larder.Inference.Sessions;
using Larder.Inference.Tensors;

namespace Larder.Inference.Batching;

/// <summary>
/// Decides when a request of one model runs, where, and with which others. As many runs as there are slots go on at a time; who comes later
/// waits, and whenever a run ends, the longest waiting request runs together with those behind it that fit. No timer: an idle model adds no
/// latency. The lock is never held across a run.
/// <para>
/// Where: a very short run on its caller's thread, since any hand-over would cost more. So is a single run of a model that is idle. But were all
/// runs of a busy model on pool threads, these would be blocked in runs of one request each, with no thread left to read the requests that could
/// be run together: with 16 callers on two cores, no two requests ever met (a 512 x 512 matrix four times over, 39 us a request).
/// Such runs, and all long ones, are on <see cref="RunThreads"/>.
/// </para>
/// </summary>
internal sealed class RunQueue
{
    // Below it batching cannot win: a hand-over to another thread takes 5 to 10 us.
    private const double VeryShort = 20e-6;

    // From here on a hand-over does not show.
    private const double Long = 1e-3;

    private readonly LoadedModel _model;
    private readonly ModelRunner _runner;
    private readonly RunThreads _threads;
    private readonly RunDurationEstimate _time = new();
    private readonly int _slots;
    private readonly Lock _gate = new();
    private readonly LinkedList<QueuedRun> _waiting = [];
    private int _running;
    private volatile bool _batches;

    public RunQueue(LoadedModel model, ModelRunner runner, RunThreads threads)
    {
        _model = model;
        _runner = runner;
        _threads = threads;
        _slots = Math.Max(1, Environment.ProcessorCount / SessionBuilder.Threads(model.Model));
        _batches = BatchRules.Suits(model.Model);
    }

    /// <summary>Requests that wait.</summary>
    public int Waiting
    {
        get
        {
            lock (_gate)
                return _waiting.Count;
        }
    }

    /// <summary>Runs that go on, of one request or of several.</summary>
    public int Running
    {
        get
        {
            lock (_gate)
                return _running;
        }
    }

    /// <summary>Runs that go on at most.</summary>
    public int Slots => _slots;

    /// <summary><see cref="LoadedModel.RunAsync"/>.</summary>
    public ValueTask<PredictionOutputs> RunAsync(PredictionInputs inputs, CancellationToken cancellationToken, bool alone = false)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<PredictionOutputs>(cancellationToken);
        var here = false;
        RunBatch? batch = null;
        Task<PredictionOutputs>? waiting = null;
        lock (_gate)
        {
            // Nobody waits while a slot is free.
            var free = _running < _slots;
            here = free && RunsHere();
            if (!here)
            {
                if (_waiting.Count >= _model.Limits.QueuedRuns)
                    return ValueTask.FromException<PredictionOutputs>(Busy());
                waiting = WaitAsync(Enqueue(inputs, alone), cancellationToken);
            }

            if (free)
                _running++;
            if (free && !here)
                batch = TakeNextOrFreeSlot();
        }

        if (here)
            return RunHere(inputs, cancellationToken);
        Start(batch);
        return new(waiting!);
    }

    private bool RunsHere() => _time.Seconds switch
    {
        < VeryShort => true,
        < Long => _running == 0 || !_batches,
        _ => false,
    };

    private ValueTask<PredictionOutputs> RunHere(PredictionInputs inputs, CancellationToken cancellationToken)
    {
        try
        {
            return new(new PredictionOutputs(_model.Signature, RunOne(inputs, [], cancellationToken)));
        }
        catch (Exception failure)
        {
            return ValueTask.FromException<PredictionOutputs>(failure);
        }
        finally
        {
            Start(TakeNextOrFreeSlot());
        }
    }

    private RunResult RunOne(PredictionInputs inputs, IReadOnlyList<QueuedRun> members, CancellationToken cancellationToken)
    {
        var result = _runner.Run(inputs, members, cancellationToken);
        _time.Add(result.Time);
        return result;
    }

    private void Start(RunBatch? batch)
    {
        if (batch is null)
            return;
        if (_time.Seconds < VeryShort)
            ThreadPool.UnsafeQueueUserWorkItem(batch, preferLocal: false);
        else
            _threads.Post(batch);
    }

    private ModelBusyException Busy() =>
        new($"{_model.Model.Name}:{_model.Model.Version} has {_waiting.Count} requests waiting, the most it may have (Limits:QueuedRuns).");

    private QueuedRun Enqueue(PredictionInputs inputs, bool alone)
    {
        var run = new QueuedRun(inputs) { Alone = alone };
        _waiting.AddLast(run);
        return run;
    }

    private async Task<PredictionOutputs> WaitAsync(QueuedRun run, CancellationToken cancellationToken)
    {
        using var span = InferenceSpans.Wait(_model.Model);
        using (cancellationToken.UnsafeRegister(static (state, token) =>
        {
            var (queue, run) = ((RunQueue, QueuedRun))state!;
            queue.Cancel(run, token);
        }, (this, run)))
        {
            return await run.Task;
        }
    }

    // A request that is being run cannot be taken out of its batch, and its inputs are in use: it completes when the run does.
    private void Cancel(QueuedRun run, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (run.Cancelled)
                return;
            run.Cancelled = true;
            if (run.Batch is { } batch)
            {
                batch.Abandon();
                return;
            }

            _waiting.Remove(run);
        }

        run.TrySetCanceled(cancellationToken);
    }

    private RunBatch? TakeNextOrFreeSlot()
    {
        lock (_gate)
        {
            if (_waiting.First is not { } first)
            {
                _running--;
                return null;
            }

            var batch = new RunBatch(this);
            Take(first, batch);
            var maxRows = _model.Settings.Batching.MaxRows;
            if (!_batches || !Joins(first.Value))
                return batch;
            for (var node = _waiting.First; node is not null && batch.Rows < maxRows;)
            {
                var candidate = node;
                node = node.Next;
                if (Joins(candidate.Value) && batch.Rows + candidate.Value.Rows <= maxRows && BatchRules.Fit(first.Value.Inputs, candidate.Value.Inputs))
                    Take(candidate, batch);
            }

            return batch;

            bool Joins(QueuedRun run) => !run.Alone && run.Rows > 0 && run.Rows <= maxRows;
        }
    }

    private void Take(LinkedListNode<QueuedRun> node, RunBatch batch)
    {
        _waiting.Remove(node);
        batch.Add(node.Value);
    }

    /// <summary>Runs a batch, and what waits then, on this thread, for as long as something does.</summary>
    public void RunAll(RunBatch first)
    {
        for (var batch = first; batch is not null; batch = TakeNextOrFreeSlot())
        {
            using (batch)
                Run(batch);
        }
    }

    private void Run(RunBatch batch)
    {
        try
        {
            if (batch.Members is [var only])
            {
                var result = RunOne(only.Inputs, batch.Members, batch.Abandoned);
                Complete(only, new PredictionOutputs(_model.Signature, result), null);
            }
            else if (!TryRunTogether(batch))
            {
                RunAgainAlone(batch);
            }
        }
        catch (Exception failure)
        {
            foreach (var member in batch.Members)
                Complete(member, null, failure);
        }
    }

    /// <summary>False when the members must be run alone: one bad request must not fail its neighbours.</summary>
    private bool TryRunTogether(RunBatch batch)
    {
        RunResult result;
        try
        {
            using var merged = _model.RentInputs();
            BatchRules.Merge(batch.Members, merged);
            merged.Charge(merged.Bytes);
            result = _runner.Run(merged, batch.Members, batch.Abandoned);
        }
        catch (Exception) when (!batch.Abandoned.IsCancellationRequested)
        {
            return false;
        }

        if (!BatchRules.Divides(result, _model.Signature.Outputs.Count, batch.Rows))
        {
            // Its owner said that rows are independent, but they are not even there.
            _batches = false;
            foreach (var _ in batch.Members)
                result.Release();
            return false;
        }

        var row = 0;
        foreach (var member in batch.Members)
        {
            Complete(member, new PredictionOutputs(_model.Signature, result, row, (int)member.Rows), null);
            row += (int)member.Rows;
        }

        return true;
    }

    private void RunAgainAlone(RunBatch batch)
    {
        var cancelled = new List<QueuedRun>();
        lock (_gate)
        {
            foreach (var member in Enumerable.Reverse(batch.Members))
            {
                member.Batch = null;
                member.Alone = true;
                if (member.Cancelled)
                    cancelled.Add(member);
                else
                    _waiting.AddFirst(member);
            }
        }

        foreach (var member in cancelled)
            member.TrySetCanceled();
    }

    private void Complete(QueuedRun run, PredictionOutputs? outputs, Exception? failure)
    {
        bool cancelled;
        lock (_gate)
        {
            cancelled = run.Cancelled;
            // From here on a cancellation comes too late.
            run.Cancelled = true;
        }

        if (cancelled)
        {
            outputs?.Dispose();
            run.TrySetCanceled();
        }
        else if (failure is not null)
        {
            run.TrySetException(failure);
        }
        else
        {
            run.TrySetResult(outputs!);
        }
    }
}
