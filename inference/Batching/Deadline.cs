using System.Diagnostics;

namespace Larder.Inference.Batching;

/// <summary>Until when a caller wants an answer. The default has no limit.</summary>
public readonly record struct Deadline
{
    private readonly long _at;

    private Deadline(long at, TimeSpan timeout) => (_at, Timeout) = (at, timeout);

    /// <summary>The time that the request may take in all; zero without a limit.</summary>
    public TimeSpan Timeout { get; }

    /// <summary>Whether there is a limit.</summary>
    public bool IsSet => Timeout > TimeSpan.Zero;

    /// <summary>The time that is left; negative when it is over.</summary>
    public TimeSpan Left => TimeSpan.FromSeconds((_at - Stopwatch.GetTimestamp()) / (double)Stopwatch.Frequency);

    /// <summary>The deadline of a request.</summary>
    /// <param name="began">When the request came (<see cref="Stopwatch.GetTimestamp"/>).</param>
    /// <param name="timeout">How long it may take; null for as long as it takes.</param>
    public static Deadline Of(long began, TimeSpan? timeout) =>
        timeout is { } limit && limit > TimeSpan.Zero ? new Deadline(began + (long)(limit.TotalSeconds * Stopwatch.Frequency), limit) : default;
}
