using System.Globalization;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Scoring.Splitting;
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
