using System.Text.Json;
using Larder.Registry.Errors;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Storage;

namespace Larder.Registry.Jobs.Log;

/// <summary>
/// The log of an attempt: <c>attempt-{n}/log.jsonl</c>, an append blob with a line of JSON for each line that the job wrote, numbered from 1. It is
/// read in ranges, never whole: a page from the middle is found by its number, with a guess from the average line and halving where lines are
/// uneven.
/// </summary>
/// <remarks>
/// Code in a job can write anything there. What is no line is passed over; whatever it holds, a read ends, and takes bounded memory.
/// </remarks>
/// <param name="files">The jobs' files.</param>
public sealed class JobLog(JobFiles files)
{
    /// <summary>The most lines of a page.</summary>
    public const int MaxLines = 10_000;

    // What is read at once while looking for a line, and the bytes of a page.
    private const int ProbeBytes = 64 * 1024;
    private const int PageBytes = 4 * 1024 * 1024;

    // More than any log has: what goes on for so long without a line is none.
    private const long MostBytes = 256L * 1024 * 1024;

    // Guesses are good when lines are alike; from here on the range is halved.
    private const int Guesses = 4;

    /// <summary>The lines after a number.</summary>
    /// <param name="job">The job.</param>
    /// <param name="attempt">The attempt.</param>
    /// <param name="after">Number of the last line that is known; 0 for none.</param>
    /// <param name="limit">The most lines: 1 to <see cref="MaxLines"/>.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>A page; empty and at its end when there is no log.</returns>
    public async Task<JobLogPage> ReadAsync(string job, int attempt, long after, int limit, CancellationToken cancellationToken = default) =>
        await ReadAsync(job, attempt, await FindAsync(job, JobPaths.Log(attempt), after, cancellationToken), limit, cancellationToken);

    /// <summary>The lines from a place on.</summary>
    /// <param name="job">The job.</param>
    /// <param name="attempt">The attempt.</param>
    /// <param name="from">From <see cref="JobLogPage.Next"/>.</param>
    /// <param name="limit">The most lines: 1 to <see cref="MaxLines"/>.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public Task<JobLogPage> ReadAsync(string job, int attempt, JobLogPosition from, int limit, CancellationToken cancellationToken = default) =>
        ReadAsync(job, JobPaths.Log(attempt), from, limit, cancellationToken);

    /// <summary>The lines with metrics from a place on: each text is an object of numbers by name, as the script wrote it.</summary>
    /// <inheritdoc cref="ReadAsync(string, int, JobLogPosition, int, CancellationToken)"/>
    public Task<JobLogPage> ReadMetricsAsync(string job, int attempt, JobLogPosition from, int limit, CancellationToken cancellationToken = default) =>
        ReadAsync(job, JobPaths.Metrics(attempt), from, limit, cancellationToken);

    private async Task<JobLogPage> ReadAsync(string job, string path, JobLogPosition from, int limit, CancellationToken cancellationToken)
    {
        if (limit is < 1 or > MaxLines)
            throw new InvalidRequestException($"The limit must be 1 to {MaxLines}; it is {limit}.");

        // One request for a page of usual lines; more, of growing size, for long ones.
        var lines = new List<JobLogLine>();
        var (after, offset, want) = (from.After, from.Offset, (int)Math.Min(PageBytes, Math.Max(ProbeBytes, limit * 256L)));
        while (true)
        {
            var rest = await RangeAsync(job, path, offset, want, cancellationToken);
            var (length, start) = (rest.Length, offset);
            while (lines.Count < limit && TakeLine(ref rest, out var text))
            {
                offset += text.Length + 1;
                if (Parse(text) is { } line && line.N > after)
                {
                    lines.Add(line);
                    after = line.N;
                }
            }

            // No line ends in the largest range: it is none that bootstrap.py wrote.
            if (offset == start && length == PageBytes)
                offset += length;

            // A page without a line would leave those who ask by number where they are.
            var read = offset - from.Offset;
            var isAtEnd = (length < want && rest.Span.IndexOf((byte)'\n') < 0) || (read >= MostBytes && lines.Count == 0);
            if (isAtEnd || lines.Count == limit || (read >= PageBytes && lines.Count > 0))
                return new JobLogPage(lines, new JobLogPosition(after, offset), isAtEnd);
            if (offset == start)
                want = Math.Min(PageBytes, want * 4);
        }
    }

    /// <summary>Where the lines after a number begin.</summary>
    private async Task<JobLogPosition> FindAsync(string job, string path, long after, CancellationToken cancellationToken)
    {
        if (after <= 0 || await files.GetPropertiesAsync(job, path, cancellationToken) is not { } file)
            return new JobLogPosition(Math.Max(0, after), 0);

        // Low is where a line begins, and none before it is after the number. High is where looking at more would not help.
        var (low, lowNumber, high, highNumber) = (0L, 0L, file.SizeBytes, long.MaxValue);
        for (var tries = 0; high - low > ProbeBytes; tries++)
        {
            var guess = tries == 0 ? high - ProbeBytes
                : tries <= Guesses ? low + (long)((double)(high - low) * (after - lowNumber) / (highNumber - lowNumber)) - (ProbeBytes / 2)
                : low + ((high - low) / 2);
            guess = Math.Clamp(guess, low, high - 1);
            var probe = await ProbeAsync(job, path, guess, isLineStart: guess == low, after, cancellationToken);
            if (probe.Found is { } found)
                return new JobLogPosition(after, found);
            if (probe.LastBefore > 0)
                (low, lowNumber) = (probe.End, probe.LastBefore);
            else
                (high, highNumber) = (guess, probe.FirstAfter ?? highNumber);
        }

        return new JobLogPosition(after, low);
    }

    /// <summary>Looks at the lines that begin at a place or behind it, until one of them is after a number.</summary>
    private async Task<Probe> ProbeAsync(string job, string path, long at, bool isLineStart, long after, CancellationToken cancellationToken)
    {
        var rest = await RangeAsync(job, path, at, ProbeBytes, cancellationToken);
        var start = at;
        if (!isLineStart && TakeLine(ref rest, out var cut))
            start += cut.Length + 1;
        var before = 0L;
        while (TakeLine(ref rest, out var text))
        {
            if (Parse(text) is { } line)
            {
                if (line.N > after)
                    return before > 0 || isLineStart || line.N == after + 1 ? new Probe(start, null, 0, 0) : new Probe(null, line.N, 0, 0);
                before = line.N;
            }

            start += text.Length + 1;
        }

        return new Probe(null, null, before, start);
    }

    private async Task<ReadOnlyMemory<byte>> RangeAsync(string job, string path, long offset, int length, CancellationToken cancellationToken) =>
        await files.ReadRangeAsync(job, path, offset, length, cancellationToken) ?? ReadOnlyMemory<byte>.Empty;

    /// <summary>Takes a whole line from the front of some bytes.</summary>
    private static bool TakeLine(ref ReadOnlyMemory<byte> bytes, out ReadOnlyMemory<byte> line)
    {
        var end = bytes.Span.IndexOf((byte)'\n');
        (line, bytes) = end < 0 ? (default, bytes) : (bytes[..end], bytes[(end + 1)..]);
        return end >= 0;
    }

    private static JobLogLine? Parse(ReadOnlyMemory<byte> text)
    {
        try
        {
            return JsonSerializer.Deserialize<JobLogLine>(text.Span, RegistryJson.Options) is { N: > 0, S: not null, M: not null } line ? line : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <param name="Found">Where the first line after the number begins, if it is certain that it is the first.</param>
    /// <param name="FirstAfter">Number of the first line that was seen, when that is after the number.</param>
    /// <param name="LastBefore">Number of the last line that was seen, when none is after the number; 0 when there was no line.</param>
    /// <param name="End">Where the line behind that begins.</param>
    private readonly record struct Probe(long? Found, long? FirstAfter, long LastBefore, long End);
}

/// <summary>A line that a job wrote.</summary>
/// <param name="N">Its number: 1, 2, 3 ... within the attempt.</param>
/// <param name="T">When it was written, by the clock of where the job runs.</param>
/// <param name="S">Where: <c>out</c>, <c>err</c>, or <c>sys</c> for what runs the script.</param>
/// <param name="M">The text, without its end of line.</param>
public sealed record JobLogLine(long N, DateTimeOffset T, string S, string M);

/// <summary>Part of a job's log.</summary>
/// <param name="Lines">In the order of their numbers. Fewer than were asked for do not mean the end.</param>
/// <param name="Next">Where the next page begins.</param>
/// <param name="IsAtEnd">Whether these were all lines that were there.</param>
public sealed record JobLogPage(IReadOnlyList<JobLogLine> Lines, JobLogPosition Next, bool IsAtEnd)
{
    /// <summary>Number of the last line so far: what the next page comes after.</summary>
    public long NextAfter => Next.After;
}

/// <summary>A place in a log, found before: reading on from there costs one request.</summary>
/// <param name="After">Number of the line before it; 0 at the beginning.</param>
/// <param name="Offset">A byte where a line begins, at or before this place.</param>
public readonly record struct JobLogPosition(long After, long Offset);
