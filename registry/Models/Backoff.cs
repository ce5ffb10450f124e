using Larder.Registry.Errors;

namespace Larder.Registry.Models;

/// <summary>Counts the tries of a compare-and-swap, and spreads those who lose the same race.</summary>
/// <param name="what">What they want to change, with its article.</param>
internal sealed class Backoff(string what)
{
    // A writer loses at most once to each of those who race with it, so this is the number of writers that all get through.
    private const int MaxTries = 200;
    private const int MaxDelayMs = 64;

    private int _tries;

    /// <summary>Waits a little before the next try.</summary>
    /// <exception cref="ConflictException">There were too many.</exception>
    public Task NextAsync(CancellationToken cancellationToken)
    {
        if (++_tries >= MaxTries)
            throw new ConflictException($"Too many others are changing {what} at this moment; try again.");
        return Task.Delay(Random.Shared.Next(1, Math.Min(MaxDelayMs, 2 << Math.Min(_tries, 10))), cancellationToken);
    }
}
