using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations;

/// <summary>Asks an attempt to end.</summary>
public sealed class StopCompute(IComputeBackend backend)
{
    /// <summary>Runs it.</summary>
    [Function(ActivityNames.StopCompute)]
    public Task Run([ActivityTrigger] ComputeId id, CancellationToken cancellation) => backend.StopAsync(id, cancellation);
}
