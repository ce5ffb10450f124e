using System.Text.Json;
using System.Text.Json.Serialization;
using Larder.Orchestrations.Compute;
using Larder.Registry.Errors;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Storage;

namespace Larder.Orchestrations.Jobs;

/// <summary>The input of bootstrap.py: <c>job.json</c> of README.md.</summary>
internal sealed record BootstrapManifest
{
    public required string Job { get; init; }

    public required int Attempt { get; init; }

    public required string Model { get; init; }

    /// <summary>Name of the file that is the model; null when the options name none.</summary>
    public string? ModelFile { get; init; }

    public required IReadOnlyDictionary<string, Input> Inputs { get; init; }

    public required IReadOnlyList<string> Arguments { get; init; }

    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>Names of the environment variables whose values are masked.</summary>
    public required IReadOnlyList<string> Secrets { get; init; }

    public required string LogUrl { get; init; }

    public required string MetricsUrl { get; init; }

    public required string ExitUrl { get; init; }

    public required string FilesUrl { get; init; }

    public required string FilesPrefix { get; init; }

    public required Bounds Limits { get; init; }

    internal sealed record Input(string Url, string Sha256, string FileName);

    internal sealed record Bounds(long LogBytes, int LogLineBytes, long OutputBytes, int OutputFiles);
}

/// <summary>How bootstrap.py says that it ended: <c>exit.json</c> of README.md. Code of the job's may have written it: nothing in it is trusted.</summary>
internal sealed record BootstrapExit
{
    private const long MaxBytes = 16 << 20;
    private const string Stopped = "stopped";

    public int? ExitCode { get; init; }

    public string Stage { get; init; } = "";

    public string? Reason { get; init; }

    public DateTimeOffset? Started { get; init; }

    public DateTimeOffset? Finished { get; init; }

    public IReadOnlyList<FileEntry> Outputs { get; init; } = [];

    public IReadOnlyList<FileEntry> Found { get; init; } = [];

    /// <summary>Whether SIGTERM came.</summary>
    [JsonIgnore]
    public bool WasStopped => Reason == Stopped;

    internal sealed record FileEntry(string Path, long Size, string Sha256);

    /// <summary>Reads it; null when there is none, or what is there is none.</summary>
    public static async Task<BootstrapExit?> ReadAsync(JobFiles files, ComputeId id, CancellationToken cancellationToken)
    {
        try
        {
            return await files.ReadAsync(id.Job, JobPaths.Exit(id.Attempt), MaxBytes, cancellationToken) is { } stored ? Parse(stored) : null;
        }
        catch (TooLargeException)
        {
            return null;
        }
    }

    /// <summary>Reads its text; null when that is none.</summary>
    internal static BootstrapExit? Parse(BinaryData text)
    {
        try
        {
            return text.ToObjectFromJson<BootstrapExit>(RegistryJson.Options) is { Stage: not null, Outputs: { } outputs, Found: { } found } exit
                && outputs.Concat(found).All(entry => entry is { Path: not null, Sha256: not null })
                ? exit
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
