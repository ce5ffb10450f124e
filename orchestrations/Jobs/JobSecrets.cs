using Larder.Registry;

namespace Larder.Orchestrations;

/// <summary>The secret values that a job was given. They are among its files, and in no document.</summary>
internal static class JobSecrets
{
    /// <summary>A job's secret values by name; none when it has none.</summary>
    /// <param name="files">Jobs' files.</param>
    /// <param name="job">The job's id.</param>
    /// <param name="maxBytes">The most that is read.</param>
    /// <param name="cancellation">Stops it.</param>
    public static async Task<Dictionary<string, string>> ReadAsync(JobFiles files, string job, long maxBytes, CancellationToken cancellation) =>
        await files.ReadAsync(job, JobPaths.Secrets, maxBytes, cancellation) is { } stored ? stored.ToObjectFromJson<Dictionary<string, string>>()! : [];
}
