namespace Larder.Registry.Tests.Testing;

/// <summary>
/// When a host dies: at its nth storage call, before the call is sent or after it was done but before the answer came. A dead host makes no more calls.
/// </summary>
internal sealed class Mortality(int call, bool afterwards)
{
    private int _calls;

    public bool IsDead { get; private set; }

    public int Calls => Volatile.Read(ref _calls);

    public async Task<T> LiveAsync<T>(Func<Task<T>> act)
    {
        if (IsDead)
            throw new DeadException();
        IsDead = Interlocked.Increment(ref _calls) >= call;
        if (IsDead && !afterwards)
            throw new DeadException();
        var result = await act();
        return IsDead ? throw new DeadException() : result;
    }

    public sealed class DeadException() : Exception("The host is dead.");
}
