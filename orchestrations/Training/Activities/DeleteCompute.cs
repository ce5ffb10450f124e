using Larder.Orchestrations.Compute;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Jobs.Files;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations.Training.Activities;

/// <summary>Removes what an attempt ran on, and what it was told.</summary>
public sealed class DeleteCompute(JobFiles files, IComputeBackend backend)
{
    /// <summary>Deletes the compute of an attempt; after it nothing of the attempt runs.</summary>
    [Function(ActivityNames.DeleteCompute)]
    public async Task Run([ActivityTrigger] ComputeId id, CancellationToken cancellationToken)
    {
        await backend.DeleteAsync(id, cancellationToken);
        await files.DeleteFileAsync(id.Job, JobPaths.Manifest(id.Attempt), cancellationToken);
        await files.DeleteFileAsync(id.Job, JobPaths.Bootstrap(id.Attempt), cancellationToken);
    }
}
