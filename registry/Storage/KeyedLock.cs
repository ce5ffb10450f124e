namespace Larder.Registry.Storage;

/// <summary>
/// Lets callers of this process that change the same document take turns, first come, first served. The compare-and-swap is what keeps their changes apart; without
/// turns, most attempts on a document that many callers change are lost, and a caller that takes longer between its read and its write loses nearly always.
/// </summary>
internal sealed class KeyedLock
{
    // Two keys that share a lock wait for each other without need, which costs a few milliseconds.
    private const int Count = 1024;

    // Longer than a change takes. A store that hangs must not make every caller wait for the timeouts of all callers before it.
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim[] _locks = [.. Enumerable.Range(0, Count).Select(_ => new SemaphoreSlim(1))];

    /// <summary>Runs an action under the lock of a key, or without it after a timeout. The action must not take another lock of this instance.</summary>
    /// <param name="key">The key, such as that of a document.</param>
    /// <param name="action">What is done under the lock.</param>
    /// <param name="cancellationToken">Cancels the waiting for the lock.</param>
    public async Task<T> RunAsync<T>(string key, Func<Task<T>> action, CancellationToken cancellationToken)
    {
        var theLock = _locks[(uint)string.GetHashCode(key, StringComparison.Ordinal) % Count];
        var isTaken = await theLock.WaitAsync(Timeout, cancellationToken);
        try
        {
            return await action();
        }
        finally
        {
            if (isTaken)
                theLock.Release();
        }
    }
}
