using Larder.Registry.Errors;

namespace Larder.Registry.Storage;

/// <summary>Counts the attempts of a compare-and-swap, and waits between them: a random time that grows up to 64 ms, so that callers that lose the same race spread.</summary>
/// <param name="what">What is changed, with its article: for the error.</param>
internal sealed class Backoff(string what)
{
    // A writer loses at most once to each writer that it races with, so this many writers at a time all succeed.
    private const int MaxAttempts = 200;
    private const int MaxDelayMs = 64;

    private int _attempts;

    /// <summary>Waits before the next attempt.</summary>
    /// <exception cref="ConflictException">There were too many attempts.</exception>
    public Task NextAsync(CancellationToken cancellationToken)
    {
        if (++_attempts >= MaxAttempts)
            throw new ConflictException($"Too many others are changing {what} at this moment; try again.");
        return Task.Delay(Random.Shared.Next(1, Math.Min(MaxDelayMs, 2 << Math.Min(_attempts, 10))), cancellationToken);
    }
}
