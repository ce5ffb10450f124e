using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Log;
using Larder.Tracking;
using Larder.Tracking.Metrics;
using Larder.Tracking.Runs;

namespace Larder.Orchestrations.Training.Runs;

/// <summary>
/// Brings the metrics that a job's script writes while it runs into its run: bootstrap.py appends them to a blob, and what is new there is read when the run is read, and at each poll of the job.
/// A server that begins in the middle reads all again, which changes nothing, as the same point is logged once.
/// </summary>
public sealed class LiveMetrics(JobStore jobs, JobLog log, RunStore runs, TimeProvider time)
{
    // Those who wait for a page that was just read need no other.
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(0.5);

    private static readonly JsonSerializerOptions Numbers = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    private const int Lines = 1000;
    private const int MostRemembered = 1000;

    private readonly ConcurrentDictionary<(string Job, int Attempt), Place> _places = new();

    /// <summary>Logs what the jobs of runs have measured since the last call.</summary>
    /// <param name="of">The runs; those that are no running jobs' have nothing new.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>Whether there may be something new.</returns>
    public async Task<bool> CatchUpAsync(IEnumerable<Run> of, CancellationToken cancellationToken)
    {
        var running = of.Where(run => run is { Job: not null, Status: RunStatus.Running, IsActive: true }).ToList();
        await Parallel.ForEachAsync(running, new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = cancellationToken }, async (run, token) =>
        {
            try
            {
                await CatchUpAsync(await jobs.GetAsync(run.Job!, token), token);
            }
            catch (NotFoundException)
            {
                // The job was deleted a moment ago.
            }
        });
        return running.Count > 0;
    }

    /// <summary>Logs what a job has measured since the last call, in its newest attempt.</summary>
    public async Task CatchUpAsync(Job job, CancellationToken cancellationToken)
    {
        if (job.Run is not { } run || job.Attempts is not [.., { Number: var attempt }])
            return;
        if (_places.Count >= MostRemembered)
            _places.Clear();
        var place = _places.GetOrAdd((job.Id, attempt), static _ => new Place());
        await place.Gate.WaitAsync(cancellationToken);
        try
        {
            if (!job.IsFinal && place.Read is { } read && time.GetElapsedTime(read) < Fresh)
                return;
            for (var more = true; more;)
            {
                var page = await log.ReadMetricsAsync(job.Id, attempt, place.Position, Lines, cancellationToken);
                await LogAsync(job, run, [.. page.Lines.SelectMany(PointsOf)], cancellationToken);
                (place.Position, more) = (page.Next, !page.IsAtEnd);
            }

            place.Read = time.GetTimestamp();
        }
        finally
        {
            place.Gate.Release();
        }
    }

    /// <summary>Logs points of a job. A run that takes no more loses them, and the job goes on.</summary>
    internal async Task LogAsync(Job job, string run, IReadOnlyList<LoggedMetric> points, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var some in points.Chunk(TrackingRules.BatchMetrics))
                await runs.LogAsync(new RunKey(run, ByJob: true), new LogBatch(some, [], []), cancellationToken);
        }
        catch (Exception e) when (e is NotFoundException or InvalidRequestException)
        {
            // It was deleted with its experiment, or has no room for more names.
        }
    }

    // Code in the job can write anything there.
    private static IEnumerable<LoggedMetric> PointsOf(JobLogLine line)
    {
        Dictionary<string, double> values;
        try
        {
            values = JsonSerializer.Deserialize<Dictionary<string, double>>(line.M, Numbers) ?? [];
        }
        catch (JsonException)
        {
            yield break;
        }

        var step = values.Remove("step", out var said) && said is >= 0 and < 1e15 ? (long)said : 0;
        var at = Math.Max(0, line.T.ToUnixTimeMilliseconds());
        foreach (var (name, value) in values.Where(value => TrackingRules.IsKey(value.Key)))
            yield return new LoggedMetric(name, new MetricPoint(step, at, value));
    }

    private sealed class Place
    {
        public SemaphoreSlim Gate { get; } = new(1, 1);

        public JobLogPosition Position { get; set; }

        public long? Read { get; set; }
    }
}
