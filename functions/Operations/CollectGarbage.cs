using Larder.Registry.GarbageCollection;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Operations;

/// <summary>Removes what crashed uploads and deletes left behind.</summary>
public sealed class CollectGarbage(RegistryGarbageCollector collector, TimeProvider time)
{
    /// <summary>Runs every hour.</summary>
    [Function("CollectGarbage")]
    public Task Run([TimerTrigger("0 0 * * * *")] TimerInfo timer, CancellationToken cancellationToken) =>
        collector.RunAsync(time.GetUtcNow(), cancellationToken);
}
