using Larder.Orchestrations.Compute;
using Larder.Registry.Errors;
using Larder.Registry.Jobs.Files;

namespace Larder.Orchestrations.Jobs;

/// <summary>What a backend catches of a task's standard output and error, kept beside the job's other files.</summary>
internal static class BackendLog
{
    private const int MaxBytes = 1 << 20;

    /// <summary>What was kept; empty when there is nothing.</summary>
    public static async Task<string> ReadAsync(JobFiles files, ComputeId id, CancellationToken cancellationToken)
    {
        try
        {
            return (await files.ReadAsync(id.Job, JobPaths.BackendLog(id.Attempt), MaxBytes, cancellationToken))?.ToString() ?? "";
        }
        catch (TooLargeException)
        {
            // The job's code has written over it.
            return "";
        }
    }

    /// <summary>Keeps what there is now, unless there is less than was kept before.</summary>
    /// <returns>What is kept.</returns>
    public static async Task<string> KeepAsync(IComputeBackend backend, JobFiles files, ComputeId id, CancellationToken cancellationToken)
    {
        var output = await backend.ReadOutputAsync(id, cancellationToken);
        var path = JobPaths.BackendLog(id.Attempt);
        var data = BinaryData.FromString(output);
        var kept = await files.GetPropertiesAsync(id.Job, path, cancellationToken);
        if (data.ToMemory().Length > (kept?.SizeBytes ?? 0))
            await files.WriteAsync(id.Job, path, data, cancellationToken);
        return output;
    }
}
