using Larder.Registry.Jobs;
using Larder.Registry.Models;
using Larder.Registry.Storage;

namespace Larder.Registry.Webhooks;

/// <summary>
/// Finds the changes whose server crashed before it made their deliveries, sooner than the next change, reader or garbage collection would. It does nothing while there is no webhook.
/// Several servers may run it at a time.
/// </summary>
/// <param name="registry">The models.</param>
/// <param name="jobs">The jobs.</param>
/// <param name="deliveries">Knows the webhooks.</param>
/// <param name="time">For what is recent.</param>
public sealed class EventRecovery(ModelRegistry registry, JobStore jobs, DeliveryStore deliveries, TimeProvider time)
{
    private const int ScanPage = 1000;

    // What is older the hourly garbage collection has seen.
    private static readonly TimeSpan RecentChange = TimeSpan.FromHours(2);

    // Nearly no job runs longer; one that does is told by the request that deletes it, at the latest.
    private static readonly TimeSpan RecentJob = TimeSpan.FromDays(7);

    /// <summary>Looks through recent changes.</summary>
    /// <returns>How many changes and ends of jobs had no deliveries yet.</returns>
    public async Task<(int Changes, int Jobs)> RunAsync(CancellationToken cancellationToken = default)
    {
        if ((await deliveries.Webhooks.ReadAsync(cancellationToken)).Count == 0)
            return (0, 0);
        var (changes, now) = (0, time.GetUtcNow());
        await foreach (var model in registry.Documents.ScanAllAsync(ModelCollections.Models, ScanPage, cancellationToken))
        {
            if (model.Value.Outbox.Newest >= now - RecentChange)
                changes += await registry.Store.CompleteAuditAsync(model.Value) ?? 0;
        }
        return (changes, await jobs.TellEndsAsync(now - RecentJob, cancellationToken));
    }
}
