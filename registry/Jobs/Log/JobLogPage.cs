namespace Larder.Registry.Jobs.Log;

/// <summary>Part of a job's log.</summary>
/// <param name="Lines">In the order of their numbers. Fewer than were asked for do not mean the end.</param>
/// <param name="Next">Where the next page begins.</param>
/// <param name="IsAtEnd">Whether these were all lines that were there.</param>
public sealed record JobLogPage(IReadOnlyList<JobLogLine> Lines, JobLogPosition Next, bool IsAtEnd)
{
    /// <summary>Number of the last line so far: what the next page comes after.</summary>
    public long NextAfter => Next.After;
}
