namespace Larder.Orchestrations.Compute.Processes;

/// <summary><c>exit.json</c>: how a task's command ended.</summary>
/// <param name="ExitCode">Its exit code; 128 + n when signal n ended it; null when it never ran, or its end was not seen.</param>
/// <param name="Reason">Why, in a sentence, when there is more to say than the code.</param>
/// <param name="Finished">When.</param>
/// <param name="TimedOut">Whether it was ended for taking too long.</param>
internal sealed record TaskExit(int? ExitCode, string? Reason, DateTimeOffset Finished, bool TimedOut = false);
