using Larder.Orchestrations.Compute;
using Larder.Orchestrations.Jobs;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations.Training.Activities;

/// <summary>Asks an attempt to end.</summary>
public sealed class StopCompute(IComputeBackend backend)
{
    /// <summary>Runs it.</summary>
    [Function(ActivityNames.StopCompute)]
    public Task Run([ActivityTrigger] ComputeId id, CancellationToken cancellationToken) => backend.StopAsync(id, cancellationToken);
}
