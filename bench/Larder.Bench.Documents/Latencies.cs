using System.Diagnostics;
using System.Globalization;

namespace Larder.Bench.Documents;

/// <summary>Times of the same call, made again and again, one after the other.</summary>
internal sealed class Latencies
{
    private readonly List<double> _milliseconds = [];

    public static async Task<Latencies> OfAsync(int times, Func<Task> call)
    {
        var latencies = new Latencies();
        for (var i = 0; i < times; i++)
            await latencies.AddAsync(call);
        return latencies;
    }

    public async Task AddAsync(Func<Task> call)
    {
        var start = Stopwatch.GetTimestamp();
        await call();
        _milliseconds.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
    }

    /// <summary>How often, the median, and the 99th of a hundred: with fewer than a hundred calls, the slowest.</summary>
    public string Row => string.Create(CultureInfo.InvariantCulture, $"{_milliseconds.Count} | {Quantile(0.5):0.0} | {Quantile(0.99):0.0}");

    private double Quantile(double share)
    {
        var sorted = _milliseconds.Order().ToList();
        return sorted[Math.Min(sorted.Count - 1, (int)Math.Ceiling(share * sorted.Count) - 1)];
    }
}
