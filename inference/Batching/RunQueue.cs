using System.Diagnostics;
using System.Globalization;
using Larder.Inference.Metrics;
using Larder.Inference.Sessions;
using Larder.Inference.Tensors;

namespace Larder.Inference.Batching;

/// <summary>
/// Decides when a request of one model runs, on which thread, and together with which others. As many runs as there are slots go on at a time; later requests
/// wait, and whenever a run ends, the request that has waited longest runs together with those behind it that fit. There is no timer: batching adds no
/// latency to an idle model. The lock is never held across a run.
/// <para>
/// Admission: a model's queue is bounded, and a request that would not be answered by its deadline, as recent runs suggest (<see cref="RunLatency"/>), is refused before it is
/// worked on. An idle model takes every request, so that it learns when runs have become faster.
/// </para>
/// <para>
/// Which thread: a very short run is on its caller's thread, since any hand-over would cost more. So is a single run of an idle model. But if all
/// runs of a busy model were on pool threads, each run of one request would block a pool thread, and no thread would be left to read the requests that could
/// run together: with 16 callers on two cores, no two requests ever met (a 512 x 512 matrix four times over, 39 us a request).
/// Such runs, and all long ones but for one at a time of an idle model, are on <see cref="RunThreads"/>.
/// </para>
/// </summary>
internal sealed class RunQueue
{
    // Batching cannot win below this: a hand-over to another thread takes 5 to 10 us.
    private const double VeryShort = 20e-6;

    // From here on, a run would keep a pool thread from other requests: one caller of the process may still run here, which on an idle machine saves waking two threads (0.3 ms).
    private const double Long = 1e-3;

    // From here on, the cost of a hand-over is negligible.
    private const double VeryLong = 20e-3;

    private readonly ServableModel _model;
    private readonly ModelRunner _runner;
    private readonly InputPool _inputs;
    private readonly RunResources _resources;
    private readonly ModelMetrics _metrics;
    private readonly RunDurationEstimate _time = new();
    private readonly int _slots;
    private readonly int _mostWaiting;
    private readonly Lock _gate = new();
    private readonly LinkedList<QueuedRun> _waiting = [];
    private readonly Stack<RunGuard> _free;
    private RunLatency _latency;
    private long _waitingRows;
    private int _running;
    private bool _closed;
    private volatile bool _batches;

    public RunQueue(ServableModel model, int threads, ModelRunner runner, InputPool inputs, RunResources resources, ModelMetrics metrics)
    {
        (_model, _runner, _inputs, _resources, _metrics) = (model, runner, inputs, resources, metrics);
        _slots = Math.Max(1, Environment.ProcessorCount / threads);
        _mostWaiting = model.Settings.Queue.MaxRequests ?? resources.Limits.QueuedRuns;
        _free = new Stack<RunGuard>(_slots);
        _batches = BatchRules.Suits(_model);
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

    /// <summary>Runs that go on, each of one request or of several.</summary>
    public int Running
    {
        get
        {
            lock (_gate)
                return _running;
        }
    }

    /// <summary>The most runs that go on at a time.</summary>
    public int Slots => _slots;

    /// <summary>Refuses a request that would be refused, or would not be answered by its deadline, if it came now with one row.</summary>
    /// <exception cref="ModelBusyException">It should not be worked on.</exception>
    public void Admit(Deadline deadline)
    {
        // Without the lock, since the queue decides again when the inputs are there.
        if (!deadline.IsSet && _waiting.Count < _mostWaiting)
            return;
        lock (_gate)
        {
            if (Refusal(deadline, rows: 1) is { } refusal)
                throw refusal;
        }
    }

    /// <summary>Runs the inputs, now or when their turn has come.</summary>
    /// <param name="inputs">The inputs. They are in use until the task completes.</param>
    /// <param name="cancellationToken">Cancels the request. A run is stopped only if all its requests are cancelled.</param>
    /// <param name="alone">Whether the request must not run together with others.</param>
    /// <param name="deadline">Until when the caller wants the outputs.</param>
    /// <exception cref="ModelBusyException">Too many requests wait already, or the deadline would be missed.</exception>
    public ValueTask<PredictionOutputs> RunAsync(PredictionInputs inputs, CancellationToken cancellationToken, bool alone = false, Deadline deadline = default)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<PredictionOutputs>(cancellationToken);
        bool here, onCaller = false;
        RunGuard? slot = null;
        RunBatch? batch = null;
        Task<PredictionOutputs>? waiting = null;
        lock (_gate)
        {
            // While a slot is free, no request waits.
            var free = _running < _slots;
            here = free && RunsHere(out onCaller);
            if (!here)
            {
                if (Refusal(deadline, inputs.Rows) is { } refusal)
                    return ValueTask.FromException<PredictionOutputs>(refusal);
                waiting = WaitAsync(Enqueue(inputs, alone), cancellationToken);
            }

            if (free)
                slot = TakeSlot();
            if (free && !here)
                batch = TakeNextOrFreeSlot(slot!);
        }

        if (here)
            return RunHere(inputs, slot!, onCaller, cancellationToken);
        Start(batch);
        return new(waiting!);
    }

    // Called under the lock.
    private bool RunsHere(out bool onCaller)
    {
        var seconds = _time.Seconds;
        onCaller = seconds is >= Long and < VeryLong && _running == 0 && _resources.Threads.TryBeginOnCaller();
        return onCaller || seconds < VeryShort || (seconds < Long && (_running == 0 || !_batches));
    }

    private ValueTask<PredictionOutputs> RunHere(PredictionInputs inputs, RunGuard slot, bool onCaller, CancellationToken cancellationToken)
    {
        try
        {
            return new(new PredictionOutputs(_model.Description.Signature, RunOne(inputs, [], slot, cancellationToken)));
        }
        catch (Exception failure)
        {
            return ValueTask.FromException<PredictionOutputs>(failure);
        }
        finally
        {
            if (onCaller)
                _resources.Threads.EndOnCaller();
            Start(TakeNextOrFreeSlot(slot));
        }
    }

    private OutputValues RunOne(PredictionInputs inputs, IReadOnlyList<QueuedRun> members, RunGuard slot, CancellationToken cancellationToken)
    {
        var result = _runner.Run(inputs, members, slot, cancellationToken);
        _time.Add(result.Time);
        Learn(result);
        return result;
    }

    private void Learn(OutputValues result)
    {
        // No request waits long for runs as short as these, and the lock would cost more than a better prediction gains.
        if (_time.Seconds < VeryShort && result.Rows == 1)
            return;
        lock (_gate)
            _latency.Add(result.Rows, result.Time.TotalSeconds);
    }

    private void Start(RunBatch? batch)
    {
        if (batch is null)
            return;
        if (_time.Seconds < VeryShort)
            ThreadPool.UnsafeQueueUserWorkItem(batch, preferLocal: false);
        else
            _resources.Threads.Post(batch);
    }

    /// <summary>Why a request must not wait; null if it may. Called under the lock.</summary>
    private ModelBusyException? Refusal(Deadline deadline, long rows)
    {
        if (_running < _slots)
            return null;
        var wait = PredictedWait();
        if (_waiting.Count >= _mostWaiting)
        {
            var setting = _model.Settings.Queue.MaxRequests is null ? "Limits:QueuedRuns" : "the model's setting queue.max_requests";
            return Refused("queue_full", $"{_model.Name}:{_model.Version} has {_waiting.Count} requests waiting, the most it may have ({setting}).", wait);
        }

        if (!deadline.IsSet)
            return null;
        var needed = wait + _latency.Predict(1, rows);
        return needed <= deadline.Left.TotalSeconds
            ? null
            : Refused("deadline", string.Create(CultureInfo.InvariantCulture, $"{_model.Name}:{_model.Version} would answer in about {needed:0.###} s, later than within the {deadline.Timeout.TotalSeconds:0.###} s that the request may take."), wait);
    }

    private ModelBusyException Refused(string reason, string sentence, double wait)
    {
        _metrics.Refused(reason);
        return new ModelBusyException(sentence, TimeSpan.FromSeconds(wait));
    }

    /// <summary>Seconds until a request that came now would be run: the runs under way are taken as half done. Called under the lock.</summary>
    private double PredictedWait()
    {
        var runs = _batches ? Math.Ceiling((double)_waitingRows / _model.Settings.Batching.MaxRows) : _waiting.Count;
        return (_latency.Predict(runs, _waitingRows) + _running * _latency.Mean / 2) / _slots;
    }

    private QueuedRun Enqueue(PredictionInputs inputs, bool alone)
    {
        var run = new QueuedRun(inputs) { Alone = alone };
        _waiting.AddLast(run);
        _waitingRows += run.Rows;
        return run;
    }

    private async Task<PredictionOutputs> WaitAsync(QueuedRun run, CancellationToken cancellationToken)
    {
        using var span = InferenceSpans.Wait(_model);
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

            if (_waiting.Remove(run))
                _waitingRows -= run.Rows;
        }

        run.TrySetCanceled(cancellationToken);
    }

    /// <summary>Stops reusing the guards of the slots. Called when the model takes no more requests.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            while (_free.TryPop(out var guard))
                guard.Dispose();
        }
    }

    // Every slot has a guard, made when the slot is first used. Called under the lock.
    private RunGuard TakeSlot()
    {
        _running++;
        return _free.TryPop(out var guard) ? guard : new RunGuard(_resources.Time, _resources.Limits.RunSeconds);
    }

    // The next batch gets the slot of the run that has ended; if no request waits, the slot becomes free.
    private RunBatch? TakeNextOrFreeSlot(RunGuard slot)
    {
        lock (_gate)
        {
            if (_waiting.First is not { } first)
            {
                _running--;
                // A caller that has its answer may have closed the model before its run's thread came here.
                if (_closed)
                    slot.Dispose();
                else
                    _free.Push(slot);
                return null;
            }

            var batch = new RunBatch(this, slot);
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
        _waitingRows -= node.Value.Rows;
        batch.Add(node.Value);
    }

    /// <summary>Runs a batch on this thread, and then the requests that wait, until none does.</summary>
    public void RunAll(RunBatch first)
    {
        for (var batch = first; batch is not null; batch = TakeNextOrFreeSlot(batch.Slot))
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
                var result = RunOne(only.Inputs, batch.Members, batch.Slot, batch.Abandoned);
                Complete(only, new PredictionOutputs(_model.Description.Signature, result), null);
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
        OutputValues result;
        try
        {
            using var merged = _inputs.Rent();
            BatchRules.Merge(batch.Members, merged);
            merged.Charge(merged.Bytes);
            result = _runner.Run(merged, batch.Members, batch.Slot, batch.Abandoned);
            Learn(result);
        }
        catch (Exception) when (!batch.Abandoned.IsCancellationRequested)
        {
            return false;
        }

        if (!BatchRules.Divides(result, _model.Description.Signature.Outputs.Count, batch.Rows))
        {
            // The owner's settings say that rows are independent, but the outputs do not even have a row for each.
            _batches = false;
            foreach (var _ in batch.Members)
                result.Release();
            return false;
        }

        var row = 0;
        foreach (var member in batch.Members)
        {
            Complete(member, new PredictionOutputs(_model.Description.Signature, result, row, (int)member.Rows), null);
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
                {
                    cancelled.Add(member);
                    continue;
                }

                _waiting.AddFirst(member);
                _waitingRows += member.Rows;
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
            // A cancellation after this has no effect.
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

/// <summary>A request that waits for a run. Its state belongs to the queue and changes under the queue's lock.</summary>
internal sealed class QueuedRun(PredictionInputs inputs)
    : TaskCompletionSource<PredictionOutputs>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public PredictionInputs Inputs { get; } = inputs;

    public long Rows { get; } = inputs.Rows;

    /// <summary>The caller's span, since the run is on another thread; null when traces are not collected.</summary>
    public Activity? Caller { get; } = InferenceSpans.AreCollected ? Activity.Current : null;

    /// <summary>Whether it must not run together with others: by request, or because a run together has failed.</summary>
    public bool Alone { get; set; }

    /// <summary>Whether the caller no longer waits for the result, or already has it.</summary>
    public bool Cancelled { get; set; }

    /// <summary>The run that it is part of; null while it waits for one.</summary>
    public RunBatch? Batch { get; set; }
}

/// <summary>Requests that run together, in the order in which their rows follow each other; often just one.</summary>
internal sealed class RunBatch(RunQueue queue, RunGuard slot) : IThreadPoolWorkItem, IDisposable
{
    private readonly CancellationTokenSource _abandoned = new();
    private int _wanted;

    /// <summary>The guard of the slot that it runs in.</summary>
    public RunGuard Slot { get; } = slot;

    public List<QueuedRun> Members { get; } = [];

    public long Rows { get; private set; }

    /// <summary>Cancelled when all members are cancelled.</summary>
    public CancellationToken Abandoned => _abandoned.Token;

    public void Add(QueuedRun run)
    {
        run.Batch = this;
        Members.Add(run);
        Rows += run.Rows;
        _wanted++;
    }

    /// <summary>Counts a member that was cancelled.</summary>
    public void Abandon()
    {
        if (--_wanted == 0)
            _abandoned.Cancel();
    }

    public void Execute() => queue.RunAll(this);

    public void Dispose() => _abandoned.Dispose();
}
