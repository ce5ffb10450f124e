using Larder.Registry;

namespace Larder.Orchestrations;

/// <summary>What a backend catches of a task's standard output and error, kept beside the job's other files.</summary>
internal static class BackendLog
{
    private const int MaxBytes = 1 << 20;

    /// <summary>What was kept; empty when there is nothing.</summary>
    public static async Task<string> ReadAsync(JobFiles files, ComputeId id, CancellationToken cancellation)
    {
        try
        {
            return (await files.ReadAsync(id.Job, JobPaths.BackendLog(id.Attempt), MaxBytes, cancellation))?.ToString() ?? "";
        }
        catch (TooLargeException)
        {
            // The job's code has written over it.
            return "";
        }
    }

    /// <summary>Keeps what there is now, unless there is less than was kept before.</summary>
    /// <returns>What is kept.</returns>
    public static async Task<string> KeepAsync(IComputeBackend backend, JobFiles files, ComputeId id, CancellationToken cancellation)
    {
        var output = await backend.ReadOutputAsync(id, cancellation);
        var path = JobPaths.BackendLog(id.Attempt);
        var data = BinaryData.FromString(output);
        var kept = await files.GetPropertiesAsync(id.Job, path, cancellation);
        if (data.ToMemory().Length > (kept?.SizeBytes ?? 0))
            await files.WriteAsync(id.Job, path, data, cancellation);
        return output;
    }
}
