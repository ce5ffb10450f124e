using Larder.Orchestrations.Jobs;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace Larder.Functions.Jobs;

/// <summary>Repairs jobs that a crash left without an orchestration or with compute that no orchestration waits for.</summary>
public sealed class ReconcileJobs(JobReconciler reconciler)
{
    /// <summary>Runs every minute.</summary>
    [Function("ReconcileJobs")]
    public Task Run(
        [TimerTrigger("0 * * * * *")] TimerInfo timer, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken) =>
        reconciler.RunAsync(client, cancellationToken);
}
