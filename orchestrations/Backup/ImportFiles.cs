using Larder.Inference;
using Larder.Registry;

namespace Larder.Orchestrations;

/// <summary>What the steps of an import leave for each other.</summary>
internal static class ImportFiles
{
    private const long MaxPlan = 512L << 20;
    private const long MaxDescription = 64L << 20;

    public static Task<ImportPlan> ReadPlanAsync(JobFiles files, string job, CancellationToken cancellation) =>
        ReadAsync<ImportPlan>(files, job, TransferPaths.Plan, MaxPlan, cancellation);

    public static Task<ModelDescription> ReadDescriptionAsync(JobFiles files, string job, string sha256, CancellationToken cancellation) =>
        ReadAsync<ModelDescription>(files, job, TransferPaths.Description(sha256), MaxDescription, cancellation);

    private static async Task<T> ReadAsync<T>(JobFiles files, string job, string path, long most, CancellationToken cancellation) =>
        await files.ReadAsync(job, path, most, cancellation) is { } stored
            ? stored.ToObjectFromJson<T>(RegistryJson.Options)!
            : throw new NotFoundException($"The files of the job {job} are not there any more.");
}
