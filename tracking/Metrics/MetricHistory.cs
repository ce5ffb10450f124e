using System.Globalization;
using Larder.Registry.Errors;
using Larder.Registry.Storage;
using Larder.Tracking.Runs;
using Microsoft.Extensions.Caching.Memory;

namespace Larder.Tracking.Metrics;

/// <summary>
/// Reads the points of metrics. Chunks never change, so those that were read are kept in memory, and so is the sorted history of a metric for as long as its run's document stays
/// as it is; together up to a limit.
/// </summary>
/// <param name="documents">The store.</param>
internal sealed class MetricHistory(IDocumentStore documents) : IDisposable
{
    private const string Kind = "history:";
    private const int ParallelReads = 8;

    // About 30 bytes each: 60 MB.
    private const int CachedPoints = 2_000_000;

    private readonly MemoryCache _cache = new(new MemoryCacheOptions { SizeLimit = CachedPoints });

    /// <summary>A page of a metric's points, by step, time and value; a point that was logged twice is there once. A page begins behind the last point of the page before.</summary>
    /// <exception cref="InvalidRequestException">The token is none that an earlier page gave.</exception>
    public async Task<Page<MetricPoint>> PageAsync(string runId, string key, int limit, string? token, CancellationToken cancellationToken)
    {
        var after = token is null ? (MetricPoint?)null : Read(token);
        var points = await PointsAsync(runId, key, cancellationToken);
        var start = 0;
        if (after is { } last)
        {
            var found = points.BinarySearch(last);
            start = found < 0 ? ~found : found + 1;
        }
        var page = points.GetRange(start, Math.Min(limit, points.Count - start));
        return new Page<MetricPoint>(page, start + page.Count < points.Count ? Write(page[^1]) : null);
    }

    /// <summary>All points of a metric, by step, time and value; not to be changed.</summary>
    /// <exception cref="NotFoundException">There is no such run.</exception>
    public async Task<List<MetricPoint>> PointsAsync(string runId, string key, CancellationToken cancellationToken)
    {
        // A chunk that is gone was taken up into a longer one, which a later document names.
        var backoff = new Backoff("the run");
        while (true)
        {
            var document = await RunStore.ReadAsync(documents, runId, cancellationToken) ?? throw RunStore.NotFound(runId);
            var state = (runId, key, document.Revision);
            if (_cache.TryGetValue(state, out List<MetricPoint>? known))
                return known!;
            if (await ChunksAsync(document, cancellationToken) is { } chunks)
            {
                var points = Sorted(chunks.Select(chunk => chunk.Series).Append(document.Tail), key);
                return _cache.Set(state, points, new MemoryCacheEntryOptions { Size = points.Count + 1 });
            }
            await backoff.NextAsync(cancellationToken);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _cache.Dispose();

    private async Task<MetricChunk[]?> ChunksAsync(RunDocument document, CancellationToken cancellationToken)
    {
        var chunks = new MetricChunk?[document.Chunks.Count];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = ParallelReads, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, chunks.Length, parallel, async (i, stop) =>
        {
            var (id, points) = document.Chunks[i];
            if (_cache.TryGetValue(id, out chunks[i]) || await documents.GetAsync(TrackingCollections.Chunks, document.Run.Id, id, stop) is not { } read)
                return;
            chunks[i] = _cache.Set(id, read.Value, new MemoryCacheEntryOptions { Size = points });
        });
        return Array.TrueForAll(chunks, chunk => chunk is not null) ? [.. chunks.OfType<MetricChunk>()] : null;
    }

    private static List<MetricPoint> Sorted(IEnumerable<IReadOnlyDictionary<string, MetricSeries>> parts, string key)
    {
        var points = new List<MetricPoint>();
        foreach (var part in parts)
            part.GetValueOrDefault(key)?.AddTo(points);
        // They mostly come in order.
        var isSorted = true;
        for (var i = 1; i < points.Count && isSorted; i++)
            isSorted = points[i - 1] < points[i];
        if (isSorted)
            return points;
        points.Sort();
        var kept = 0;
        for (var i = 0; i < points.Count; i++)
        {
            if (i == 0 || points[i].CompareTo(points[i - 1]) != 0)
                points[kept++] = points[i];
        }
        points.RemoveRange(kept, points.Count - kept);
        return points;
    }

    private static string Write(MetricPoint last) =>
        Cursors.Write(Kind, string.Create(CultureInfo.InvariantCulture, $"{last.Step}/{last.Timestamp}/{last.Value:R}"));

    private static MetricPoint Read(string token)
    {
        MetricPoint last = default;
        Cursors.Read(Kind, token, text =>
        {
            if (text.Split('/') is not [var steps, var times, var values] || !long.TryParse(steps, CultureInfo.InvariantCulture, out var step)
                || !long.TryParse(times, CultureInfo.InvariantCulture, out var time) || !double.TryParse(values, CultureInfo.InvariantCulture, out var value))
            {
                return false;
            }
            last = new MetricPoint(step, time, value);
            return true;
        });
        return last;
    }
}
