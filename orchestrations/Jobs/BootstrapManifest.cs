namespace Larder.Orchestrations.Jobs;

/// <summary>What bootstrap.py is told: <c>job.json</c> of README.md.</summary>
internal sealed record BootstrapManifest
{
    public required string Job { get; init; }

    public required int Attempt { get; init; }

    public required string Model { get; init; }

    public required IReadOnlyDictionary<string, Input> Inputs { get; init; }

    public required IReadOnlyList<string> Arguments { get; init; }

    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>Names of the environment variables whose values are masked.</summary>
    public required IReadOnlyList<string> Secrets { get; init; }

    public required string LogUrl { get; init; }

    public required string ExitUrl { get; init; }

    public required string FilesUrl { get; init; }

    public required string FilesPrefix { get; init; }

    public required Bounds Limits { get; init; }

    internal sealed record Input(string Url, string Sha256, string FileName);

    internal sealed record Bounds(long LogBytes, int LogLineBytes, long OutputBytes, int OutputFiles);
}
