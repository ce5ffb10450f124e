using Azure.Storage.Blobs;
using Larder.Orchestrations.Ingestion;
using Larder.Orchestrations.Jobs;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace Larder.Functions.Ingestion;

/// <summary>
/// Models that are dropped into the container <c>uploads</c>: makes the job that takes a blob in, <c>uploads/{model}/{name}.onnx</c>, <c>.zip</c>, <c>.tar.gz</c> or <c>.tgz</c>, and starts it;
/// the job does the rest. Other blobs, such as results and data sets, are left alone. It may run any number of times for a blob.
/// Each source of blob triggers has a function, and settings disable the other one: Event Grid does not reach a developer's machine, and Flex Consumption does not poll.
/// </summary>
public sealed class IngestUpload(IngestSubmitter submitter, JobScheduler scheduler)
{
    /// <summary>Runs when Event Grid tells of a blob.</summary>
    [Function("IngestUpload")]
    public Task RunOnEvent(
        [BlobTrigger("uploads/{model}/{name}", Source = BlobTriggerSource.EventGrid)] BlobClient blob,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken) => SubmitAsync(blob, client, cancellationToken);

    /// <summary>Runs when the host finds a blob in the container.</summary>
    [Function("IngestUploadByPolling")]
    public Task RunOnPoll(
        [BlobTrigger("uploads/{model}/{name}", Source = BlobTriggerSource.LogsAndContainerScan)] BlobClient blob,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken) => SubmitAsync(blob, client, cancellationToken);

    // Not {model} and {name}: where the path has more than one slash, the pattern may split it at any of them.
    private Task SubmitAsync(BlobClient blob, DurableTaskClient client, CancellationToken cancellationToken) =>
        scheduler.TrySubmitAndStartAsync(client, submitter.SubmitAsync(blob.Name, cancellationToken));
}
