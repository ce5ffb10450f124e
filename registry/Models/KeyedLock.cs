namespace Larder.Registry.Models;

/// <summary>
/// Lets those of this process who change the same model do so one after another, in the order in which they came. It is the compare-and-swap that keeps
/// their changes apart; without turns, most tries of a model that many change are lost, and whoever reads longer before writing loses nearly always.
/// </summary>
internal sealed class KeyedLock
{
    // Models that share one wait for each other without need, which costs them a few milliseconds.
    private const int Count = 1024;

    // Longer than a change takes. When storage hangs, not everyone must wait for the time-outs of all who came before.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim[] _turns = [.. Enumerable.Range(0, Count).Select(_ => new SemaphoreSlim(1))];

    /// <summary>Does something when it is its turn, or after some seconds. It must not ask for another turn.</summary>
    /// <param name="model">The model that it changes.</param>
    /// <param name="change">What to do.</param>
    /// <param name="cancellationToken">Stops the waiting.</param>
    public async Task<T> TakeAsync<T>(string model, Func<Task<T>> change, CancellationToken cancellationToken)
    {
        var turn = _turns[(uint)string.GetHashCode(model, StringComparison.Ordinal) % Count];
        var mine = await turn.WaitAsync(Patience, cancellationToken);
        try
        {
            return await change();
        }
        finally
        {
            if (mine)
                turn.Release();
        }
    }
}
