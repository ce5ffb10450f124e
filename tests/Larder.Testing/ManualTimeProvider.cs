namespace Larder.Testing;

/// <summary>
/// A clock that moves when a test says so. Its timers (and so <c>Task.Delay</c>, <c>CancellationTokenSource</c> and
/// <c>PeriodicTimer</c> on it) fire in the order in which they are due, each at its own time, while the clock moves past it.
/// </summary>
/// <param name="start">What it shows at first; some fixed moment if not given.</param>
public sealed class ManualTimeProvider(DateTimeOffset? start = null) : TimeProvider
{
    private readonly Lock gate = new();
    private readonly List<ManualTimer> timers = [];
    private readonly List<(Func<DateTimeOffset, bool> Due, TaskCompletionSource Found)> waiting = [];
    private DateTimeOffset now = start ?? new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow()
    {
        lock (gate)
            return now;
    }

    /// <inheritdoc/>
    public override long GetTimestamp() => GetUtcNow().UtcTicks;

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new ManualTimer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves the clock forward and fires what becomes due on the way. Callbacks run on this thread, what they wake does not.</summary>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        AdvanceTo(GetUtcNow() + by);
    }

    /// <summary>Moves the clock forward to a moment: <see cref="Advance"/>.</summary>
    public void AdvanceTo(DateTimeOffset moment)
    {
        while (TakeNext(moment) is { } timer)
            timer.Fire();
    }

    /// <summary>
    /// Waits until some timer is due at a moment of which the condition holds: until the code under test has come to wait for it.
    /// </summary>
    public Task WhenTimerIsDue(Func<DateTimeOffset, bool> due)
    {
        lock (gate)
        {
            if (timers.Exists(timer => timer.Due is { } moment && due(moment)))
                return Task.CompletedTask;
            var found = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            waiting.Add((due, found));
            return found.Task;
        }
    }

    // The next timer that is due up to a moment, at which the clock then stands; null when there is none, and the clock stands at the moment.
    private ManualTimer? TakeNext(DateTimeOffset until)
    {
        lock (gate)
        {
            var next = timers.Where(timer => timer.Due <= until).MinBy(timer => timer.Due);
            if (next is null)
            {
                now = until > now ? until : now;
                return null;
            }

            now = next.Due > now ? next.Due.Value : now;
            next.Due = next.Period is { } period ? now + period : null;
            return next;
        }
    }

    private sealed class ManualTimer(ManualTimeProvider clock, Action callback) : ITimer
    {
        public DateTimeOffset? Due { get; set; }

        public TimeSpan? Period { get; private set; }

        public void Fire() => callback();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock.gate)
            {
                clock.timers.Remove(this);
                clock.timers.Add(this);
                Period = period > TimeSpan.Zero ? period : null;
                Due = dueTime == Timeout.InfiniteTimeSpan ? null : clock.now + dueTime;
                if (Due is { } due)
                {
                    foreach (var (_, found) in clock.waiting.Where(wait => wait.Due(due)))
                        found.TrySetResult();
                    clock.waiting.RemoveAll(wait => wait.Found.Task.IsCompleted);
                }
            }

            if (dueTime == TimeSpan.Zero)
                clock.AdvanceTo(clock.GetUtcNow());
            return true;
        }

        public void Dispose()
        {
            lock (clock.gate)
                clock.timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
