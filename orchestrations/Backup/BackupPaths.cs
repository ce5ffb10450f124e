using Larder.Inference.Signatures;
using Larder.Registry.Backup;
using Larder.Registry.Errors;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Storage;

namespace Larder.Orchestrations.Backup;

/// <summary>Where the files of exports and imports are in their jobs' containers (README.md).</summary>
public static class BackupPaths
{
    /// <summary>The name of an export among its job's outputs.</summary>
    public const string Archive = "larder-export.zip";

    /// <summary>The name of an import's report among its job's outputs.</summary>
    public const string Report = "report.json";

    /// <summary>What an export has: written just before the archive is there.</summary>
    internal const string Contents = "export/contents.json";

    /// <summary>What an import needs only on its way.</summary>
    internal const string Folder = "import/";

    /// <summary>An archive that was fetched.</summary>
    internal const string Fetched = Folder + "archive.zip";

    /// <summary>What is to be done.</summary>
    internal const string Plan = Folder + "plan.json";

    /// <summary>An archive in the container of its export.</summary>
    internal static string StoredArchive => JobPaths.Outputs(1) + Archive;

    /// <summary>A report in the container of its import.</summary>
    internal static string StoredReport => JobPaths.Outputs(1) + Report;

    /// <summary>What was learned about a model.</summary>
    internal static string Description(string sha256) => $"{Folder}onnx/{sha256}.json";
}

/// <summary>What the steps of an import leave for each other.</summary>
internal static class ImportFiles
{
    private const long MaxPlan = 512L << 20;
    private const long MaxDescription = 64L << 20;

    public static Task<ImportPlan> ReadPlanAsync(JobFiles files, string job, CancellationToken cancellationToken) =>
        ReadAsync<ImportPlan>(files, job, BackupPaths.Plan, MaxPlan, cancellationToken);

    public static Task<ModelDescription> ReadDescriptionAsync(JobFiles files, string job, string sha256, CancellationToken cancellationToken) =>
        ReadAsync<ModelDescription>(files, job, BackupPaths.Description(sha256), MaxDescription, cancellationToken);

    private static async Task<T> ReadAsync<T>(JobFiles files, string job, string path, long most, CancellationToken cancellationToken) =>
        await files.ReadAsync(job, path, most, cancellationToken) is { } stored
            ? stored.ToObjectFromJson<T>(RegistryJson.Options)!
            : throw new NotFoundException($"The files of the job {job} are not there any more.");
}
