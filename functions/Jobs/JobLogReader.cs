using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Jobs.Log;

namespace Larder.Functions.Jobs;

/// <summary>
/// A job's log as the API shows it: the script's lines; or, when a job failed before its script could write one, what the backend caught, as lines of
/// <c>sys</c>.
/// </summary>
public sealed class JobLogReader(JobLog log, JobFiles files)
{
    private const int MaxBackendBytes = 1 << 20;

    /// <summary>The attempt that is read when the caller names none: the last; 1 when none has begun.</summary>
    public static int LastAttempt(Job job) => job.Attempts.Select(attempt => attempt.Number).DefaultIfEmpty(1).Max();

    /// <summary>The lines after a number.</summary>
    /// <param name="job">The job, read before: once it is over, no line comes any more.</param>
    /// <param name="attempt">The attempt.</param>
    /// <param name="after">Number of the last line that is known; 0 for none.</param>
    /// <param name="limit">Most lines of the page.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public async Task<JobLogPage> ReadAsync(Job job, int attempt, long after, int limit, CancellationToken cancellationToken) =>
        await OrBackendAsync(job, attempt, await log.ReadAsync(job.Id, attempt, after, limit, cancellationToken), limit, cancellationToken);

    /// <summary>The lines from a position on.</summary>
    /// <param name="job">The job, read before: once it is over, no line comes any more.</param>
    /// <param name="attempt">The attempt.</param>
    /// <param name="from">From the page before.</param>
    /// <param name="limit">Most lines of the page.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public async Task<JobLogPage> ReadAsync(Job job, int attempt, JobLogPosition from, int limit, CancellationToken cancellationToken) =>
        await OrBackendAsync(job, attempt, await log.ReadAsync(job.Id, attempt, from, limit, cancellationToken), limit, cancellationToken);

    private async Task<JobLogPage> OrBackendAsync(Job job, int attempt, JobLogPage page, int limit, CancellationToken cancellationToken)
    {
        if (page.Lines.Count > 0
            || !job.IsFinal
            || job.State == JobState.Succeeded
            || (await log.ReadAsync(job.Id, attempt, 0, 1, cancellationToken)).Lines.Count > 0
            || await files.ReadAsync(job.Id, JobPaths.BackendLog(attempt), MaxBackendBytes, cancellationToken) is not { } caught)
        {
            return page;
        }

        var when = job.Finished ?? job.Created;
        var all = caught.ToString().TrimEnd().Split('\n').Select((text, i) => new JobLogLine(i + 1, when, "sys", text.TrimEnd('\r')));
        var left = all.Where(line => line.N > page.NextAfter && line.M.Length > 0).ToList();
        var lines = left.Take(limit).ToList();
        return new JobLogPage(lines, new JobLogPosition(lines.Count > 0 ? lines[^1].N : page.NextAfter, 0), lines.Count == left.Count);
    }
}
