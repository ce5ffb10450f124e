namespace Microsoft.DurableTask.Embedded;

/// <summary>Does things at their times, with one timer for all.</summary>
internal sealed class TimerQueue : IDisposable
{
    // Long waits are cut, because the timers of a machine stand still while it sleeps, and the clock does not.
    private static readonly TimeSpan longestWait = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();
    private readonly SortedSet<Entry> entries = [];
    private readonly TimeProvider clock;
    private readonly ITimer timer;
    private long counter;
    private bool isDisposed;

    public TimerQueue(TimeProvider clock)
    {
        this.clock = clock;
        timer = clock.CreateTimer(_ => FireDue(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Does something at a time.</summary>
    /// <param name="due">When; at once if past.</param>
    /// <param name="fire">What; quickly.</param>
    /// <returns>Disposed, it is not done.</returns>
    public IDisposable Schedule(DateTimeOffset due, Action fire)
    {
        var entry = new Entry(this, due, Interlocked.Increment(ref counter), fire);
        lock (gate)
        {
            entries.Add(entry);
            if (entries.Min == entry)
                Arm();
        }

        return entry;
    }

    /// <summary>Nothing is done any more.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            isDisposed = true;
            entries.Clear();
            timer.Dispose();
        }
    }

    private void FireDue()
    {
        var due = new List<Entry>();
        lock (gate)
        {
            var now = clock.GetUtcNow();
            while (entries.Min is { } next && next.Due <= now)
            {
                entries.Remove(next);
                due.Add(next);
            }

            Arm();
        }

        foreach (var entry in due)
            entry.Fire();
    }

    private void Arm()
    {
        if (isDisposed || entries.Min is not { } next)
            return;
        var wait = next.Due - clock.GetUtcNow();
        timer.Change(wait < TimeSpan.Zero ? TimeSpan.Zero : wait > longestWait ? longestWait : wait, Timeout.InfiniteTimeSpan);
    }

    private sealed class Entry(TimerQueue queue, DateTimeOffset due, long number, Action fire) : IDisposable, IComparable<Entry>
    {
        public DateTimeOffset Due { get; } = due;

        public Action Fire { get; } = fire;

        private long Number { get; } = number;

        public int CompareTo(Entry? other) => other is null ? 1 : Due.CompareTo(other.Due) is not 0 and var order ? order : Number.CompareTo(other.Number);

        public void Dispose()
        {
            lock (queue.gate)
                queue.entries.Remove(this);
        }
    }
}
