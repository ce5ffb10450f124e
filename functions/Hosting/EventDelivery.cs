using Larder.Orchestrations.Webhooks;
using Larder.Registry.Errors;
using Larder.Registry.Webhooks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Larder.Functions.Hosting;

/// <summary>At start looks for events that a crash left and sends deliveries that are due, so that they need not wait for a timer; and sees to it that the events of this process are sent at once.</summary>
/// <param name="recovery">Finds changes without deliveries.</param>
/// <param name="dispatcher">Sends what this process adds, from its creation on.</param>
/// <param name="time">For how long it sends deliveries that are due.</param>
/// <param name="logger">For an outage at start.</param>
internal sealed partial class EventDelivery(EventRecovery recovery, WebhookDispatcher dispatcher, TimeProvider time, ILogger<EventDelivery> logger) : BackgroundService
{
    // Then the timer has come.
    private static readonly TimeSpan Run = TimeSpan.FromMinutes(1);

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await BackgroundStart.WaitAsync(time, stoppingToken);
            await recovery.RunAsync(stoppingToken);
            await dispatcher.RunDueAsync(time.GetUtcNow() + Run, stoppingToken);
        }
        catch (Exception e) when (e is StorageUnavailableException or NewerDocumentException)
        {
            LogPutOff(e);
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "Events that a crash may have left could not be looked for; the timer does it again.")]
    private partial void LogPutOff(Exception exception);
}
