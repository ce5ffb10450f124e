using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json.Serialization;

namespace Larder.Tracking.Metrics;

/// <summary>A value of a metric.</summary>
/// <param name="Step">Its step.</param>
/// <param name="Timestamp">Its time, in milliseconds since 1970.</param>
/// <param name="Value">The value; NaN is one, infinity is not (<see cref="TrackingRules.Stored"/>).</param>
public readonly record struct MetricPoint(
    long Step, long Timestamp, [property: JsonNumberHandling(JsonNumberHandling.AllowNamedFloatingPointLiterals)] double Value) : IComparable<MetricPoint>
{
    /// <summary>What the value was measured with and on; null where the caller did not say.</summary>
    public MetricSource? Source { get; init; }

    /// <summary>By step, then by time, then by value. The last is what a run shows as the metric's value.</summary>
    public int CompareTo(MetricPoint other)
    {
        var order = Step.CompareTo(other.Step);
        if (order == 0)
            order = Timestamp.CompareTo(other.Timestamp);
        return order == 0 ? Value.CompareTo(other.Value) : order;
    }

    /// <summary>Whether a point comes before another.</summary>
    public static bool operator <(MetricPoint left, MetricPoint right) => left.CompareTo(right) < 0;

    /// <summary>Whether a point comes behind another.</summary>
    public static bool operator >(MetricPoint left, MetricPoint right) => left.CompareTo(right) > 0;

    /// <summary>Whether a point comes before another, or is the same.</summary>
    public static bool operator <=(MetricPoint left, MetricPoint right) => left.CompareTo(right) <= 0;

    /// <summary>Whether a point comes behind another, or is the same.</summary>
    public static bool operator >=(MetricPoint left, MetricPoint right) => left.CompareTo(right) >= 0;
}

/// <summary>What a metric was measured with and on.</summary>
/// <param name="ModelId">The logged model.</param>
/// <param name="DatasetName">The data set's name.</param>
/// <param name="DatasetDigest">The data set's digest.</param>
public sealed record MetricSource(string? ModelId, string? DatasetName, string? DatasetDigest);

/// <summary>A metric that is logged.</summary>
/// <param name="Key">The metric's name.</param>
/// <param name="Point">The value.</param>
public readonly record struct LoggedMetric(string Key, MetricPoint Point);

/// <summary>
/// Points of one metric, in the order in which they came. They are stored as bytes, which JSON has in base64: 32 characters for a point, and neither written nor read
/// digit by digit.
/// </summary>
internal sealed record MetricSeries
{
    // Step, timestamp and value, eight bytes each, in the order of little-endian machines, which all that .NET runs Functions on are.
    public required byte[] Points { get; init; }

    /// <summary>The sources of points that have one, by index; null when none has.</summary>
    public Dictionary<int, MetricSource>? Sources { get; init; }

    [JsonIgnore]
    public int Count => Points.Length / Unsafe.SizeOf<Row>();

    public static MetricSeries Of(IReadOnlyList<MetricPoint> points)
    {
        var rows = new Row[points.Count];
        Dictionary<int, MetricSource>? sources = null;
        foreach (var (i, point) in points.Index())
        {
            rows[i] = new Row(point.Step, point.Timestamp, point.Value);
            if (point.Source is { } source)
                (sources ??= []).Add(i, source);
        }
        return new MetricSeries { Points = MemoryMarshal.AsBytes<Row>(rows).ToArray(), Sources = sources };
    }

    public MetricSeries Then(MetricSeries later)
    {
        var sources = new Dictionary<int, MetricSource>(Sources ?? []);
        foreach (var (index, source) in later.Sources ?? [])
            sources.Add(Count + index, source);
        return new MetricSeries { Points = [.. Points, .. later.Points], Sources = sources.Count > 0 ? sources : null };
    }

    public void AddTo(List<MetricPoint> points)
    {
        var rows = MemoryMarshal.Cast<byte, Row>(Points);
        points.EnsureCapacity(points.Count + rows.Length);
        for (var i = 0; i < rows.Length; i++)
            points.Add(new MetricPoint(rows[i].Step, rows[i].Timestamp, rows[i].Value) { Source = Sources?.GetValueOrDefault(i) });
    }

    private readonly record struct Row(long Step, long Timestamp, double Value);
}

/// <summary>Points that left the document of their run. It is never changed: a longer one takes its place under another id.</summary>
internal sealed record MetricChunk
{
    public required IReadOnlyDictionary<string, MetricSeries> Series { get; init; }

    /// <summary>The points of two sets of series, those of the first before those of the second.</summary>
    public static Dictionary<string, MetricSeries> Join(IReadOnlyDictionary<string, MetricSeries> first, IReadOnlyDictionary<string, MetricSeries> second)
    {
        var joined = new Dictionary<string, MetricSeries>(first);
        foreach (var (key, later) in second)
            joined[key] = joined.TryGetValue(key, out var earlier) ? earlier.Then(later) : later;
        return joined;
    }
}

/// <summary>A chunk that a run's document names.</summary>
/// <param name="Id">The chunk's id.</param>
/// <param name="Points">How many points it has.</param>
internal sealed record MetricChunkReference(string Id, int Points);
