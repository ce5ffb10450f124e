using System.Text.Json;
using Azure.Storage.Blobs;
using Larder.Orchestrations;
using Larder.Registry;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace Larder.Functions;

/// <summary>Scores what is put into the container <c>scoring</c>, below the name of a model; the result is written beside it.</summary>
public sealed class ScoreDroppedFile(ScoringSubmitter submitter, JobScheduler scheduler, DropFiles drops)
{
    /// <summary>Runs when a file is there or has been replaced; perhaps more than once, which makes one job.</summary>
    [Function("ScoreDroppedFile")]
    public async Task Run(
        [BlobTrigger("scoring/{path}", Source = BlobTriggerSource.EventGrid)] BlobClient blob,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        // Not of the trigger's pattern, where a first part takes as many folders as it can.
        var (model, slash) = (blob.Name.Split('/')[0], blob.Name.Contains('/'));
        // What is written beside files comes here too.
        if (!slash || !ScoringDrop.IsDataset(blob.Name) || await drops.FindAsync(DropFiles.Scoring, blob.Name, cancellationToken) is not { } file)
            return;
        try
        {
            var job = await submitter.SubmitDropAsync(model, file, cancellationToken);
            await scheduler.StartAsync(client, job, CancellationToken.None);
        }
        catch (Exception e) when (e is InvalidRequestException or NotFoundException)
        {
            var outcome = JsonSerializer.SerializeToUtf8Bytes(new { Model = model, State = JobState.Failed, Reason = e.Message }, RegistryJson.Options);
            await drops.WriteAsync(DropFiles.Scoring, ScoringDrop.ResultOf(blob.Name), BinaryData.FromBytes(outcome), cancellationToken);
        }
    }
}
