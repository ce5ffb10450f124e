using Larder.Tracking.Metrics;
using Larder.Tracking.Runs;

namespace Larder.Tracking.Comparison;

/// <summary>What runs were given and what they measured, side by side: each row has a value for each run, in the order of the runs; null where a run lacks it.</summary>
/// <param name="Runs">The runs.</param>
/// <param name="Params">Their params, by name.</param>
/// <param name="Metrics">The last points of their metrics, by name.</param>
public sealed record RunComparison(IReadOnlyList<Run> Runs, IReadOnlyList<ComparedRow<string>> Params, IReadOnlyList<ComparedRow<MetricPoint?>> Metrics)
{
    /// <summary>Compares runs.</summary>
    /// <param name="runs">The runs.</param>
    /// <param name="metrics">The metrics to compare; empty for all.</param>
    /// <param name="differencesOnly">Whether rows whose values are the same in all runs are left out.</param>
    public static RunComparison Of(IReadOnlyList<Run> runs, IReadOnlyCollection<string> metrics, bool differencesOnly) => new(
        runs,
        Rows(runs, run => run.Params.Keys, (run, name) => run.Params.GetValueOrDefault(name), value => value, differencesOnly),
        Rows(
            runs,
            run => run.Metrics.Keys.Where(name => metrics.Count == 0 || metrics.Contains(name)),
            (run, name) => run.Metrics.TryGetValue(name, out var point) ? point : (MetricPoint?)null,
            point => point?.Value,
            differencesOnly));

    private static List<ComparedRow<T>> Rows<T>(
        IReadOnlyList<Run> runs, Func<Run, IEnumerable<string>> names, Func<Run, string, T?> value, Func<T?, object?> compared, bool differencesOnly) =>
    [
        .. runs.SelectMany(names).Distinct().Order(StringComparer.Ordinal)
            .Select(name => new ComparedRow<T>(name, [.. runs.Select(run => value(run, name))], runs.Select(run => compared(value(run, name))).Distinct().Count() > 1))
            .Where(row => row.Differs || !differencesOnly),
    ];
}

/// <summary>A param or metric of several runs.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Values">Of each run.</param>
/// <param name="Differs">Whether they are not all the same; a run that lacks it differs from one that has it.</param>
public sealed record ComparedRow<T>(string Name, IReadOnlyList<T?> Values, bool Differs);
