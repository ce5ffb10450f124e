namespace Larder.Inference.Validation.Sandbox;

/// <summary>
/// Whose model is tried next. Callers take turns, each in the order of their own models, so that those of one wait for their own and not for all that another
/// has sent; and while there are several slots, no caller has all of them: another caller's model then finds one free, however slow the first one's are.
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

    /// <param name="slots">How many are tried at the same time.</param>
    /// <param name="maxWaiting">How many may wait.</param>
    /// <param name="maxWaitingOfCaller">How many of one caller may wait.</param>
    public SandboxQueue(int slots, int maxWaiting, int maxWaitingOfCaller) =>
        (_slots, _maxWaiting, _maxWaitingOfCaller) = (slots, maxWaiting, maxWaitingOfCaller);

    private int SlotsOfCaller => Math.Max(1, _slots - 1);

    /// <summary>Waits for a slot.</summary>
    /// <param name="caller">Whose it is.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
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
            // Its turn may have come meanwhile.
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

    /// <summary>What one caller has.</summary>
    private sealed class Line
    {
        public Line(string caller)
        {
            Caller = caller;
            Turn = new LinkedListNode<Line>(this);
        }

        public string Caller { get; }

        public LinkedList<TaskCompletionSource> Waiting { get; } = [];

        /// <summary>Its place among the turns, while something of it waits.</summary>
        public LinkedListNode<Line> Turn { get; }

        public int Running { get; set; }
    }

    private sealed class Slot(Action release) : IDisposable
    {
        private Action? _release = release;

        public void Dispose() => Interlocked.Exchange(ref _release, null)?.Invoke();
    }
}
