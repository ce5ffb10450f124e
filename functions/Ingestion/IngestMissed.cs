using Larder.Orchestrations.Ingestion;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Ingestion;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace Larder.Functions.Ingestion;

/// <summary>
/// Ingests dropped models that the trigger missed: there are no events of blobs that are older than the subscription, and a trigger retries five times only.
/// </summary>
public sealed class IngestMissed(IngestionContainer container, IngestSubmitter submitter, JobScheduler scheduler, TimeProvider time)
{
    /// <summary>How long the trigger has before a drop counts as missed.</summary>
    private static readonly TimeSpan TriggerTimeout = TimeSpan.FromMinutes(5);

    /// <summary>Runs every quarter of an hour. Drops that have a job keep it.</summary>
    [Function("IngestMissed")]
    public async Task Run(
        [TimerTrigger("0 */15 * * * *")] TimerInfo timer, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken)
    {
        foreach (var path in await container.ListWithoutResultAsync(time.GetUtcNow() - TriggerTimeout, cancellationToken))
            await scheduler.TrySubmitAndStartAsync(client, submitter.SubmitAsync(path, cancellationToken));
    }
}
