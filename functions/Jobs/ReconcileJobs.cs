using Larder.Orchestrations.Jobs;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace Larder.Functions.Jobs;

/// <summary>Looks after jobs that crashes have left alone.</summary>
public sealed class ReconcileJobs(JobReconciler janitor)
{
    /// <summary>Runs every minute.</summary>
    [Function("ReconcileJobs")]
    public Task Run(
        [TimerTrigger("0 * * * * *")] TimerInfo timer, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken) =>
        janitor.RunAsync(client, cancellationToken);
}
