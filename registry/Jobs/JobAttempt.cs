namespace Larder.Registry.Jobs;

/// <summary>An attempt of a job.</summary>
/// <param name="Number">1, 2, 3 ...</param>
/// <param name="Started">When its code began to run.</param>
/// <param name="Finished">When that ended.</param>
/// <param name="ExitCode">Of the script.</param>
/// <param name="Reason">Why it failed, in a sentence.</param>
public sealed record JobAttempt(int Number, DateTimeOffset Started, DateTimeOffset? Finished = null, int? ExitCode = null, string? Reason = null);
