using System.Globalization;
using Larder.Orchestrations.Datasets;
using Larder.Orchestrations.Scoring.Splitting;
using Larder.Registry.Ingestion;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;

namespace Larder.Orchestrations.Scoring;

/// <summary>Where a scoring's files are in its job's container (README.md).</summary>
internal static class ScoringPaths
{
    /// <summary>How it is done.</summary>
    public const string Plan = "scoring/plan.json";

    /// <summary>The chunks, <see cref="DatasetChunk.Size"/> bytes each.</summary>
    public const string Chunks = "scoring/chunks.bin";

    /// <summary>The name of the result among the job's outputs.</summary>
    public static string Result(string format) => $"scored.{format}";

    /// <summary>The result in the container.</summary>
    public static string Stored(string format) => JobPaths.Outputs(1) + Result(format);

    /// <summary>
    /// A block of the result: the chunk (0 is the header, 1 the first chunk), the part of it, and whether that is its last. In the order of their names they are the
    /// result, and the names alone tell whether anything is missing.
    /// </summary>
    public static string Block(int chunk, int part, bool isLast) => string.Create(CultureInfo.InvariantCulture, $"{chunk:D8}-{part:D6}-{(isLast ? 1 : 0)}");
}

/// <summary>What is written beside a data set in the container <c>scoring</c>: <c>a.csv</c> gets <c>a.csv.scored.csv</c> and <c>a.csv.result.json</c>, so that <c>a.jsonl</c> has others.</summary>
public static class ScoringBlob
{
    private const string ResultSuffix = ".result.json";

    private static readonly string[] Formats = [ScoreOptions.Csv, ScoreOptions.Jsonl];

    /// <summary>Whether a file is a data set, and not something that was written beside one.</summary>
    public static bool IsDataset(string path) =>
        Formats.Any(format => path.EndsWith($".{format}", StringComparison.OrdinalIgnoreCase) && !path.EndsWith($".scored.{format}", StringComparison.OrdinalIgnoreCase));

    /// <summary>Where the outcome goes.</summary>
    public static string ResultOf(string path) => path + ResultSuffix;

    /// <summary>Where the rows go.</summary>
    internal static string ScoredOf(string path, string format) => $"{path}.scored.{format}";

    /// <summary>The path of a job's data set in the container <c>scoring</c>; null when it came from elsewhere.</summary>
    internal static string? PathOf(Job job) =>
        job.Source is { } source && !DatasetSource.IsUrl(source) && DatasetSource.Parse(source) is { Container: BlobDatasets.Scoring, Path: var path } ? path : null;
}
