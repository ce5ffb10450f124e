using System.Globalization;
using Larder.Registry.Errors;
using Larder.Registry.Text;
using Larder.Tracking.Metrics;
using Larder.Tracking.Runs;

namespace Larder.Tracking.Comparison;

/// <summary>Which run of several is the best: by the last value of a metric, among the runs that finished on the same data set.</summary>
/// <param name="Metric">The metric.</param>
/// <param name="IsMost">Whether more is better.</param>
/// <param name="Dataset">The digest of the data set that counts, or its beginning; null where all runs have the same.</param>
public sealed record ChampionRule(string Metric, bool IsMost, string? Dataset = null)
{
    private const int LeastDigest = 4;

    /// <summary>Decides.</summary>
    /// <param name="runs">The runs to choose from.</param>
    /// <exception cref="InvalidRequestException">The data set's digest is too short to tell data sets apart.</exception>
    /// <exception cref="ConflictException">No run can win, or the runs have several data sets and the rule names none.</exception>
    public Championship Decide(IEnumerable<Run> runs)
    {
        if (Dataset is { Length: < LeastDigest })
            throw new InvalidRequestException($"dataset must be the digest of a data set, or at least its first {LeastDigest} characters; got {Quoted.Text(Dataset)}.");
        var (entries, leftOut) = (new List<ChampionEntry>(), new List<LeftOut>());
        foreach (var run in runs)
        {
            if (WhyNot(run) is { } reason)
                leftOut.Add(new LeftOut(run, reason));
            else
                entries.Add(new ChampionEntry(run, run.Metrics[Metric], DatasetOf(run)));
        }

        if (entries.Count == 0)
            throw new ConflictException($"No run can be the champion: {(leftOut.Count == 0 ? "there are no runs" : string.Join("; ", Counted(leftOut)))}.");
        // The same name with other bytes is another data set.
        var datasets = entries.Select(entry => entry.Dataset?.Digest).Distinct().ToList();
        if (datasets.Count > 1)
        {
            throw new ConflictException(
                $"The runs were not measured on the same data set, so their values cannot be compared: {string.Join("; ", entries.Select(entry => Shown(entry.Dataset)).Distinct())}. Name one with dataset.");
        }

        // Of equal ones the first to be finished is it: a later run must be better.
        var ranked = (IsMost ? entries.OrderByDescending(entry => entry.Point.Value) : entries.OrderBy(entry => entry.Point.Value))
            .ThenBy(entry => entry.Run.EndTime).ThenBy(entry => entry.Run.Id, StringComparer.Ordinal).ToList();
        return new Championship(ranked, leftOut, Sentence(ranked, leftOut));
    }

    private string? WhyNot(Run run) => run switch
    {
        { IsActive: false } => "deleted",
        { Status: not RunStatus.Finished } => "not finished",
        _ when !run.Metrics.TryGetValue(Metric, out var point) => $"without {Metric}",
        _ when double.IsNaN(run.Metrics[Metric].Value) => $"with {Metric} not a number",
        _ when Dataset is { } digest && DatasetOf(run)?.Digest.StartsWith(digest, StringComparison.Ordinal) != true => "on another data set",
        _ => null,
    };

    // What it was trained on counts where a run read several.
    private DatasetInput? DatasetOf(Run run) =>
        (Dataset is { } digest ? run.Datasets.FirstOrDefault(dataset => dataset.Digest.StartsWith(digest, StringComparison.Ordinal)) : null)
            ?? run.Datasets.FirstOrDefault(dataset => dataset.Tags.GetValueOrDefault(DatasetInput.ContextTag) == "training")
            ?? (run.Datasets.Count > 0 ? run.Datasets[0] : null);

    private string Sentence(List<ChampionEntry> ranked, List<LeftOut> leftOut)
    {
        var best = ranked[0];
        var word = IsMost ? "highest" : "lowest";
        var among = ranked.Count == 1 ? "; it is the only finished run" : $", the {word} of {ranked.Count} finished runs";
        var next = ranked.Count > 1 ? $" Next is {ranked[1].Run.Name} with {Number(ranked[1].Point)}." : "";
        var rest = leftOut.Count > 0 ? $" Left out: {string.Join("; ", Counted(leftOut))}." : "";
        return $"{best.Run.Name} has {Metric} {Number(best.Point)}{among} on {Shown(best.Dataset)}.{next}{rest}";
    }

    private static IEnumerable<string> Counted(List<LeftOut> leftOut) => leftOut.CountBy(one => one.Reason).OrderByDescending(count => count.Value).Select(count => $"{count.Value} {count.Key}");

    private static string Number(MetricPoint point) => point.Value.ToString(CultureInfo.InvariantCulture);

    private static string Shown(DatasetInput? dataset) => dataset is null ? "no data set" : $"{dataset.Name} ({dataset.Digest})";
}

/// <summary>Who won, and why.</summary>
/// <param name="Ranked">The runs that could win, the best first.</param>
/// <param name="LeftOut">Those that could not.</param>
/// <param name="Reason">The decision in sentences.</param>
public sealed record Championship(IReadOnlyList<ChampionEntry> Ranked, IReadOnlyList<LeftOut> LeftOut, string Reason);

/// <summary>A run that could win.</summary>
/// <param name="Run">The run.</param>
/// <param name="Point">The metric's last value.</param>
/// <param name="Dataset">What it was measured on; null for no data set.</param>
public sealed record ChampionEntry(Run Run, MetricPoint Point, DatasetInput? Dataset);

/// <summary>A run that could not win.</summary>
/// <param name="Run">The run.</param>
/// <param name="Reason">Why, to follow a number of runs.</param>
public sealed record LeftOut(Run Run, string Reason);
