namespace Larder.Orchestrations.Compute;

/// <summary>What a backend knows of a task.</summary>
/// <param name="State">Where it is.</param>
/// <param name="ExitCode">Of the command, when it has ended and the backend knows it; 128 + n when signal n ended it.</param>
/// <param name="Reason">Why it failed or waits, in a sentence, when the backend knows: its own message or the service's.</param>
/// <param name="TimedOut">Whether the backend ended it for taking longer than its time-out.</param>
public sealed record ComputeStatus(ComputeState State, int? ExitCode = null, string? Reason = null, bool TimedOut = false);
