using Larder.Orchestrations.Datasets;
using Larder.Registry.Ingestion;
using Larder.Registry.Jobs;

namespace Larder.Orchestrations.Scoring;

/// <summary>What is written beside a data set that was dropped: <c>a.csv</c> gets <c>a.scored.csv</c> and <c>a.result.json</c>.</summary>
public static class ScoringBlob
{
    private const string ResultSuffix = ".result.json";

    private static readonly string[] Formats = [ScoreOptions.Csv, ScoreOptions.Jsonl];

    /// <summary>Whether a file is a data set, and not something that was written beside one.</summary>
    public static bool IsDataset(string path) =>
        Formats.Any(format => path.EndsWith($".{format}", StringComparison.OrdinalIgnoreCase) && !path.EndsWith($".scored.{format}", StringComparison.OrdinalIgnoreCase));

    /// <summary>Where the outcome goes.</summary>
    public static string ResultOf(string path) => Stem(path) + ResultSuffix;

    /// <summary>Where the rows go.</summary>
    internal static string ScoredOf(string path, string format) => $"{Stem(path)}.scored.{format}";

    /// <summary>The file that a job is about; null when it was not dropped.</summary>
    internal static string? PathOf(Job job) =>
        job.Source is { } source && !DatasetSource.IsUrl(source) && DatasetSource.Parse(source) is { Container: BlobDatasets.Scoring, Path: var path } ? path : null;

    private static string Stem(string path) => path[..path.LastIndexOf('.')];
}
