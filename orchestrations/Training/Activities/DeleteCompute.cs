using Larder.Registry;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations;

/// <summary>Removes what an attempt ran on, and what it was told.</summary>
public sealed class DeleteCompute(JobFiles files, IComputeBackend backend)
{
    /// <summary>Runs it.</summary>
    [Function(ActivityNames.DeleteCompute)]
    public async Task Run([ActivityTrigger] ComputeId id, CancellationToken cancellation)
    {
        await backend.DeleteAsync(id, cancellation);
        await files.DeleteFileAsync(id.Job, JobPaths.Manifest(id.Attempt), cancellation);
        await files.DeleteFileAsync(id.Job, JobPaths.Bootstrap(id.Attempt), cancellation);
    }
}
