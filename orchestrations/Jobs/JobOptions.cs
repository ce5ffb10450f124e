using System.Text.Json;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Storage;

namespace Larder.Orchestrations.Jobs;

/// <summary>The options of a job, as the record of its type: <see cref="Job.Options"/> has them as JSON.</summary>
internal static class JobOptions
{
    /// <summary>The options of a job.</summary>
    public static T Of<T>(Job job) => Of<T>(job.Options);

    /// <summary>Options that were checked by their schema before.</summary>
    public static T Of<T>(JsonElement options) => options.Deserialize<T>(RegistryJson.Options)!;

    /// <summary>The JSON that is stored in a job.</summary>
    public static JsonElement ToJson<T>(T options) => JsonSerializer.SerializeToElement(options, RegistryJson.Options);
}

/// <summary>The secret values of a job. They are among its files, and in no document.</summary>
internal static class JobSecrets
{
    /// <summary>A job's secret values by name; empty when it has none.</summary>
    /// <param name="files">The files of jobs.</param>
    /// <param name="job">The job's id.</param>
    /// <param name="maxBytes">The most bytes that are read.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public static async Task<Dictionary<string, string>> ReadAsync(JobFiles files, string job, long maxBytes, CancellationToken cancellationToken) =>
        await files.ReadAsync(job, JobPaths.Secrets, maxBytes, cancellationToken) is { } stored ? stored.ToObjectFromJson<Dictionary<string, string>>()! : [];
}
