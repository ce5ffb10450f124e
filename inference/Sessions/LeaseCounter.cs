namespace Larder.Inference.Sessions;

/// <summary>Counts leases of something that must be freed once it is closed and the last lease has ended. Lock-free.</summary>
internal sealed class LeaseCounter
{
    private const int Closed = int.MinValue;
    private int _state;

    /// <summary>Leases that have not ended.</summary>
    public int Count => Volatile.Read(ref _state) & int.MaxValue;

    /// <summary>Takes a lease; false once closed.</summary>
    public bool TryAdd()
    {
        var state = Volatile.Read(ref _state);
        while (state >= 0)
        {
            var seen = Interlocked.CompareExchange(ref _state, state + 1, state);
            if (seen == state)
                return true;
            state = seen;
        }

        return false;
    }

    /// <summary>Ends a lease; true when it was the last one of something closed: the caller frees it.</summary>
    public bool Release() => Interlocked.Decrement(ref _state) == Closed;

    /// <summary>Ends new leases; true when there is none left: the caller frees it. Only the first call may say so.</summary>
    public bool Close() => Interlocked.Or(ref _state, Closed) == 0;
}
