using System.Text.Json;
using Azure.Storage.Blobs;
using Larder.Functions.Ingestion;
using Larder.Inference;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Scoring;
using Larder.Registry.Ingestion;
using Larder.Registry.Jobs;
using Larder.Registry.Storage;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace Larder.Functions.Scoring;

/// <summary>
/// Scores what is put into the container <c>scoring</c>, below the name of a model; the result is written beside it. It may run more than once for a file,
/// which makes one job. Each source of blob triggers has a function, as with <see cref="IngestUpload"/>.
/// </summary>
public sealed class ScoreDroppedFile(ScoringSubmitter submitter, JobScheduler scheduler, BlobDatasets blobs)
{
    /// <summary>Runs when Event Grid tells of a file that is new or has been replaced.</summary>
    [Function("ScoreDroppedFile")]
    public Task RunOnEvent(
        [BlobTrigger("scoring/{path}", Source = BlobTriggerSource.EventGrid)] BlobClient blob,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken) => SubmitAsync(blob, client, cancellationToken);

    /// <summary>Runs when the host finds such a file in the container.</summary>
    [Function("ScoreDroppedFileByPolling")]
    public Task RunOnPoll(
        [BlobTrigger("scoring/{path}", Source = BlobTriggerSource.LogsAndContainerScan)] BlobClient blob,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken) => SubmitAsync(blob, client, cancellationToken);

    private async Task SubmitAsync(BlobClient blob, DurableTaskClient client, CancellationToken cancellationToken)
    {
        // Not of the trigger's pattern, where a first part takes as many folders as it can.
        var (model, slash) = (blob.Name.Split('/')[0], blob.Name.Contains('/'));
        // What is written beside files comes here too.
        if (!slash || !ScoringBlob.IsDataset(blob.Name) || await blobs.FindAsync(BlobDatasets.Scoring, blob.Name, cancellationToken) is not { } file)
            return;
        try
        {
            await scheduler.SubmitAndStartAsync(client, submitter.SubmitDropAsync(model, file, cancellationToken));
        }
        catch (LarderException e) when (e.IsPermanent)
        {
            var outcome = JsonSerializer.SerializeToUtf8Bytes(new { Model = model, State = JobState.Failed, Reason = e.Message }, RegistryJson.Options);
            await blobs.WriteAsync(BlobDatasets.Scoring, ScoringBlob.ResultOf(blob.Name), BinaryData.FromBytes(outcome), cancellationToken);
        }
    }
}
