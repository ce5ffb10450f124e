using Microsoft.Extensions.Time.Testing;

namespace Larder.Host.Tests.Triggers.Support;

/// <summary>A clock that the test moves, and that tells when the code under test has come to wait on it.</summary>
internal sealed class WatchedTimeProvider(DateTimeOffset start) : FakeTimeProvider(start)
{
    private readonly Lock _gate = new();
    private readonly List<WatchedTimer> _timers = [];
    private readonly List<(Func<DateTimeOffset, bool> IsWanted, TaskCompletionSource Found)> _waiting = [];

    /// <summary>Waits until there is a timer for a moment of which the condition holds.</summary>
    public Task WhenTimerIsSet(Func<DateTimeOffset, bool> isWanted)
    {
        lock (_gate)
        {
            if (_timers.Exists(timer => isWanted(timer.Moment)))
                return Task.CompletedTask;
            var found = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((isWanted, found));
            return found.Task;
        }
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var inner = base.CreateTimer(callback, state, dueTime, period);
        if (dueTime == Timeout.InfiniteTimeSpan)
            return inner;
        var moment = GetUtcNow() + dueTime;
        var timer = new WatchedTimer(this, inner, moment);
        lock (_gate)
        {
            _timers.Add(timer);
            foreach (var (_, found) in _waiting.Where(wait => wait.IsWanted(moment)))
                found.TrySetResult();
            _waiting.RemoveAll(wait => wait.Found.Task.IsCompleted);
        }

        return timer;
    }

    // The host sets a timer once, with Task.Delay.
    private sealed class WatchedTimer(WatchedTimeProvider clock, ITimer timer, DateTimeOffset moment) : ITimer
    {
        public DateTimeOffset Moment => moment;

        public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(dueTime, period);

        public void Dispose()
        {
            lock (clock._gate)
                clock._timers.Remove(this);
            timer.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
