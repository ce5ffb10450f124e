using Larder.Orchestrations.Webhooks;
using Larder.Registry.Webhooks;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Webhooks;

/// <summary>Delivers the events that no process delivers at once: after a wait, or because the process that should have has crashed.</summary>
public sealed class DeliverWebhooks(WebhookDispatcher dispatcher, EventRecovery recovery, TimeProvider time)
{
    // The next run begins after a minute.
    private static readonly TimeSpan Run = TimeSpan.FromSeconds(50);

    /// <summary>Sends deliveries that are due, every minute.</summary>
    [Function("DeliverWebhooks")]
    public Task Deliver([TimerTrigger("15 * * * * *")] TimerInfo timer, CancellationToken cancellationToken) => dispatcher.RunDueAsync(time.GetUtcNow() + Run, cancellationToken);

    /// <summary>Looks for changes without deliveries, every five minutes.</summary>
    [Function("RecoverEvents")]
    public Task Recover([TimerTrigger("45 */5 * * * *")] TimerInfo timer, CancellationToken cancellationToken) => recovery.RunAsync(cancellationToken);
}
