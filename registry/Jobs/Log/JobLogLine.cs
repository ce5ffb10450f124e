namespace Larder.Registry.Jobs.Log;

/// <summary>A line that a job wrote.</summary>
/// <param name="N">Its number: 1, 2, 3 ... within the attempt.</param>
/// <param name="T">When it was written, by the clock of where the job runs.</param>
/// <param name="S">Where: <c>out</c>, <c>err</c>, or <c>sys</c> for what runs the script.</param>
/// <param name="M">The text, without its end of line.</param>
public sealed record JobLogLine(long N, DateTimeOffset T, string S, string M);
