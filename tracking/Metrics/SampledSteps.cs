namespace Larder.Tracking.Metrics;

/// <summary>Which steps of long histories are enough for a chart: evenly among those that were logged, as MLflow chooses them for its pages.</summary>
internal static class SampledSteps
{
    /// <summary>The steps that are shown of several runs together: about so many of the range, and each run's first and last.</summary>
    /// <param name="runs">The steps of each run, in ascending order.</param>
    /// <param name="range">The first and last step that count; null for those from 0 on.</param>
    /// <param name="most">The most steps, without each run's first and last and the last of all.</param>
    public static HashSet<long> Of(IReadOnlyList<IReadOnlyList<long>> runs, (long Start, long End)? range, int most)
    {
        var (start, end) = range ?? (0, long.MaxValue);
        var all = runs.SelectMany(steps => steps).Where(step => step >= start && step <= end).Distinct().Order().ToList();
        var chosen = runs.Where(steps => steps.Count > 0).SelectMany(steps => new[] { steps[0], steps[^1] }).Where(step => step >= start && step <= end).ToHashSet();
        if (all.Count <= most)
        {
            chosen.UnionWith(all);
            return chosen;
        }
        for (var i = 0; i < most; i++)
            chosen.Add(all[(int)((long)i * all.Count / most)]);
        chosen.Add(all[^1]);
        return chosen;
    }
}
