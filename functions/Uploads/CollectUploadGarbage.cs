using Larder.Registry.Uploads;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Uploads;

/// <summary>Removes abandoned uploads.</summary>
public sealed class CollectUploadGarbage(UploadSessions sessions)
{
    /// <summary>Runs every hour.</summary>
    [Function("CollectUploadGarbage")]
    public Task Run([TimerTrigger("0 30 * * * *")] TimerInfo timer, CancellationToken cancellationToken) => sessions.CollectAsync(cancellationToken);
}
