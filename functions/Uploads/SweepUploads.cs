using Larder.Registry;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions;

/// <summary>Removes abandoned uploads.</summary>
public sealed class SweepUploads(UploadSessions sessions)
{
    /// <summary>Runs every hour.</summary>
    [Function("SweepUploads")]
    public Task Run([TimerTrigger("0 30 * * * *")] TimerInfo timer, CancellationToken cancellationToken) => sessions.SweepAsync(cancellationToken);
}
