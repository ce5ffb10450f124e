using Larder.Registry.Jobs.Files;

namespace Larder.Orchestrations.Jobs;

/// <summary>The secret values that a job was given. They are among its files, and in no document.</summary>
internal static class JobSecrets
{
    /// <summary>A job's secret values by name; none when it has none.</summary>
    /// <param name="files">Jobs' files.</param>
    /// <param name="job">The job's id.</param>
    /// <param name="maxBytes">The most that is read.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static async Task<Dictionary<string, string>> ReadAsync(JobFiles files, string job, long maxBytes, CancellationToken cancellationToken) =>
        await files.ReadAsync(job, JobPaths.Secrets, maxBytes, cancellationToken) is { } stored ? stored.ToObjectFromJson<Dictionary<string, string>>()! : [];
}
