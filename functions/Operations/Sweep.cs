using Larder.Registry;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions;

/// <summary>Removes what crashed uploads and deletes left behind.</summary>
public sealed class Sweep(RegistrySweeper sweeper, TimeProvider time)
{
    /// <summary>Runs every hour.</summary>
    [Function("Sweep")]
    public Task Run([TimerTrigger("0 0 * * * *")] TimerInfo timer, CancellationToken cancellationToken) =>
        sweeper.RunAsync(time.GetUtcNow(), cancellationToken);
}
