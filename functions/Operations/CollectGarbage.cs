using Larder.Registry.GarbageCollection;
using Larder.Registry.Ratings;
using Larder.Registry.Webhooks;
using Larder.Tracking;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Operations;

/// <summary>Removes what crashed uploads and deletes left behind.</summary>
public sealed class CollectGarbage(RegistryGarbageCollector collector, TrackingGarbageCollector tracking, WebhookStore webhooks, RatingStore ratings, TimeProvider time)
{
    /// <summary>Runs every hour.</summary>
    [Function("CollectGarbage")]
    public async Task Run([TimerTrigger("0 0 * * * *")] TimerInfo timer, CancellationToken cancellationToken)
    {
        await collector.RunAsync(time.GetUtcNow(), cancellationToken);
        await tracking.RunAsync(time.GetUtcNow(), cancellationToken);
        await webhooks.CollectAsync(cancellationToken);
        await ratings.CollectAsync(cancellationToken);
    }
}
