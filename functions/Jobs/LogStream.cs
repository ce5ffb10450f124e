using System.Globalization;
using System.Text;
using System.Text.Json;
using Larder.Functions.Http;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Log;
using Microsoft.AspNetCore.Http;

namespace Larder.Functions.Jobs;

/// <summary>
/// A job's log as server-sent events (HTML standard, section 9.2), live until the job is over. An event for each line: <c>id</c> is its number,
/// with the attempt before it from the second on (<c>2.17</c>); <c>data</c> is the line's JSON. The last event is <c>end</c>, with the job's state.
/// </summary>
public sealed class LogStream(JobStore jobs, JobLogReader logs, TimeProvider time)
{
    private const int PageLines = 2000;

    private static readonly TimeSpan LeastWait = TimeSpan.FromSeconds(0.3);
    private static readonly TimeSpan MostWait = TimeSpan.FromSeconds(2);

    // Proxies close idle connections.
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(15);

    /// <summary>Reads where an interrupted client continues.</summary>
    /// <param name="id">From <c>Last-Event-ID</c>.</param>
    /// <exception cref="InvalidRequestException">It is not the id of an event.</exception>
    public static (int Attempt, long After) Parse(string id)
    {
        var parts = id.Split('.', 2);
        var attempt = 1;
        return (parts.Length == 1 || int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out attempt))
            && attempt > 0
            && long.TryParse(parts[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var after)
            ? (attempt, after)
            : throw new InvalidRequestException("Last-Event-ID must be the id of an event of this stream, as in 17 or 2.17.");
    }

    /// <summary>Sets the headers of a stream.</summary>
    public static void Begin(HttpResponse response)
    {
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache";
        // nginx would collect lines before it sends them.
        response.Headers["X-Accel-Buffering"] = "no";
    }

    /// <summary>Sends lines as they come, until the job is over and all are sent.</summary>
    /// <param name="response">Not begun yet.</param>
    /// <param name="job">The job's id.</param>
    /// <param name="attempt">The attempt to begin with.</param>
    /// <param name="after">The last line that the client has of it.</param>
    /// <param name="follow">Whether to go on with the next attempt when there is one.</param>
    /// <param name="stop">The client has gone, or the host stops: the stream then ends without <c>end</c>, and can be taken up again.</param>
    public async Task SendAsync(HttpResponse response, string job, int attempt, long after, bool follow, CancellationToken stop)
    {
        Begin(response);
        await response.Body.FlushAsync(stop);

        JobLogPosition? position = null;
        var (wait, sent) = (LeastWait, time.GetTimestamp());
        while (true)
        {
            // Before the lines: if it is over now, these are all.
            if (await FindAsync(job, stop) is not { } found)
            {
                await WriteAsync(response, "event: end\ndata: {\"state\":\"deleted\"}\n\n", stop);
                return;
            }

            var page = position is { } from
                ? await logs.ReadAsync(found, attempt, from, PageLines, stop)
                : await logs.ReadAsync(found, attempt, after, PageLines, stop);
            position = page.Next;
            if (page.Lines.Count > 0)
            {
                await WriteAsync(response, Events(page.Lines, attempt), stop);
                (wait, sent) = (LeastWait, time.GetTimestamp());
            }

            if (!page.IsAtEnd)
                continue;
            var next = found.Attempts.Select(other => other.Number).Where(number => number > attempt).DefaultIfEmpty(0).Min();
            if (follow && next > 0)
            {
                (attempt, after, position) = (next, 0, null);
                continue;
            }

            var isOver = found.IsFinal || (!follow && (next > 0 || found.Attempts.Any(one => one.Number == attempt && one.Finished is not null)));
            if (isOver)
            {
                await WriteAsync(response, $"event: end\ndata: {{\"state\":\"{WireNames.Of(found.State)}\"}}\n\n", stop);
                return;
            }

            if (time.GetElapsedTime(sent) >= KeepAlive)
            {
                await WriteAsync(response, ": still here\n\n", stop);
                sent = time.GetTimestamp();
            }
            await Task.Delay(wait, time, stop);
            wait = wait * 1.5 < MostWait ? wait * 1.5 : MostWait;
        }
    }

    private async Task<Job?> FindAsync(string job, CancellationToken stop)
    {
        try
        {
            return await jobs.GetAsync(job, stop);
        }
        catch (NotFoundException)
        {
            return null;
        }
    }

    private static string Events(IReadOnlyList<JobLogLine> lines, int attempt)
    {
        var events = new StringBuilder();
        foreach (var line in lines)
        {
            var id = attempt == 1 ? $"{line.N}" : $"{attempt}.{line.N}";
            events.Append($"id: {id}\ndata: ").Append(JsonSerializer.Serialize(JobAnswers.Of(line), Json.Options)).Append("\n\n");
        }
        return events.ToString();
    }

    private static async Task WriteAsync(HttpResponse response, string events, CancellationToken stop)
    {
        await response.WriteAsync(events, stop);
        await response.Body.FlushAsync(stop);
    }
}
