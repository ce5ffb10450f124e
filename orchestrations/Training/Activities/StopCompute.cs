using Larder.Orchestrations.Compute;
using Larder.Orchestrations.Jobs;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations.Training.Activities;

/// <summary>Asks an attempt to end.</summary>
public sealed class StopCompute(IComputeBackend backend)
{
    /// <summary>Stops an attempt; it returns before the attempt has ended.</summary>
    [Function(ActivityNames.StopCompute)]
    public Task Run([ActivityTrigger] ComputeId id, CancellationToken cancellationToken) => backend.StopAsync(id, cancellationToken);
}
