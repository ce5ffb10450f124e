namespace Larder.Inference.Validation.Sandbox;

/// <summary>
/// Fair queue for the slots of the sandbox. Callers take turns, and each caller's models are in order, so that a model waits for its caller's models and not for all models of another
/// caller. If there are several slots, no caller gets all of them, so that one caller's slow models do not block another caller.
/// </summary>
internal sealed class SandboxQueue
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Line> _lines = [];
    private readonly LinkedList<Line> _turns = [];
    private readonly int _slots;
    private readonly int _maxWaiting;
    private readonly int _maxWaitingOfCaller;
    private int _running;
    private int _waiting;

    /// <param name="slots">Number of models that run at the same time.</param>
    /// <param name="maxWaiting">Most models that may wait.</param>
    /// <param name="maxWaitingOfCaller">Most models of one caller that may wait.</param>
    public SandboxQueue(int slots, int maxWaiting, int maxWaitingOfCaller) =>
        (_slots, _maxWaiting, _maxWaitingOfCaller) = (slots, maxWaiting, maxWaitingOfCaller);

    private int SlotsOfCaller => Math.Max(1, _slots - 1);

    /// <summary>Waits for a slot.</summary>
    /// <param name="caller">User who sent the model.</param>
    /// <param name="cancellationToken">Leaves the queue.</param>
    /// <returns>The slot, free again when it is disposed.</returns>
    /// <exception cref="ValidatorBusyException">Too many wait already.</exception>
    public async Task<IDisposable> EnterAsync(string caller, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var waiter = new LinkedListNode<TaskCompletionSource>(new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var line = Join(caller, waiter);
        await using (cancellationToken.UnsafeRegister(_ => Leave(line, waiter, cancellationToken), null))
            await waiter.Value.Task;
        return new Slot(() => Release(line));
    }

    private Line Join(string caller, LinkedListNode<TaskCompletionSource> waiter)
    {
        lock (_lock)
        {
            if (!_lines.TryGetValue(caller, out var line))
                line = new Line(caller);
            if (line.Waiting.Count >= _maxWaitingOfCaller)
                throw new ValidatorBusyException(isCallers: true);
            if (_waiting >= _maxWaiting)
                throw new ValidatorBusyException(isCallers: false);
            _lines[caller] = line;
            line.Waiting.AddLast(waiter);
            _waiting++;
            if (line.Turn.List is null)
                _turns.AddLast(line.Turn);
            Advance();
            return line;
        }
    }

    private void Leave(Line line, LinkedListNode<TaskCompletionSource> waiter, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            // It may have got its slot meanwhile.
            if (waiter.List is null)
                return;
            line.Waiting.Remove(waiter);
            _waiting--;
            Tidy(line);
        }

        waiter.Value.TrySetCanceled(cancellationToken);
    }

    private void Release(Line line)
    {
        lock (_lock)
        {
            line.Running--;
            _running--;
            Tidy(line);
            Advance();
        }
    }

    private void Advance()
    {
        for (var turn = _turns.First; turn is not null && _running < _slots;)
        {
            var line = turn.Value;
            if (line.Running >= SlotsOfCaller)
            {
                turn = turn.Next;
                continue;
            }

            var waiter = line.Waiting.First!;
            line.Waiting.RemoveFirst();
            line.Running++;
            _running++;
            _waiting--;
            _turns.Remove(line.Turn);
            if (line.Waiting.Count > 0)
                _turns.AddLast(line.Turn);
            waiter.Value.SetResult();
            turn = _turns.First;
        }
    }

    private void Tidy(Line line)
    {
        if (line.Waiting.Count > 0)
            return;
        if (line.Turn.List is not null)
            _turns.Remove(line.Turn);
        if (line.Running == 0)
            _lines.Remove(line.Caller);
    }

    /// <summary>Models of one caller.</summary>
    private sealed class Line
    {
        public Line(string caller)
        {
            Caller = caller;
            Turn = new LinkedListNode<Line>(this);
        }

        public string Caller { get; }

        public LinkedList<TaskCompletionSource> Waiting { get; } = [];

        /// <summary>Its place in the order of turns, while one of its models waits.</summary>
        public LinkedListNode<Line> Turn { get; }

        public int Running { get; set; }
    }

    private sealed class Slot(Action release) : IDisposable
    {
        private Action? _release = release;

        public void Dispose() => Interlocked.Exchange(ref _release, null)?.Invoke();
    }
}
