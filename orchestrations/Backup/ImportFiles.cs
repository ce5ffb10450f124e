using Larder.Registry.Backup;
using Larder.Registry.Errors;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Storage;

namespace Larder.Orchestrations.Backup;

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
