using Larder.Inference;
using Larder.Orchestrations.Datasets;
using Larder.Orchestrations.Ingestion;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Models;
using Larder.Registry.Storage;
using Larder.Registry.Uploads;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations.Uploads.Activities;

/// <summary>Copies an uploaded data set to where it can be relied on, if it is what its sender says: an artifact, which the job names as its input.</summary>
public sealed class StageDataset(JobSteps steps, UploadSessions sessions, IngestionStaging arrivals, IArtifactStore artifacts, DatasetJob type)
{
    /// <summary>Stages the data set of a job.</summary>
    /// <returns>What is wrong; null when nothing is.</returns>
    [Function(ActivityNames.StageDataset)]
    public Task<string?> Run([ActivityTrigger] string job, CancellationToken cancellationToken) =>
        IngestionStaging.StageUploadAsync(steps, job, found => StageAsync(found, cancellationToken), cancellationToken);

    private async Task<(string? Reason, JobInput? Input)> StageAsync(Job job, CancellationToken cancellationToken)
    {
        if (await arrivals.HasInputAsync(job, cancellationToken))
            return (null, job.Inputs[0]);
        var options = JobOptions.Of<DatasetOptions>(job);
        try
        {
            var session = await sessions.GetAsync(ModelName.Parse(job.Model), options.Upload!, cancellationToken);
            UploadedBytes uploaded;
            await using (var content = await OpenAsync())
                uploaded = await UploadedBytes.OfAsync(content, "data set", type.MostBytes, cancellationToken);
            uploaded.Require(options.Sha256, options.SizeBytes ?? session.SizeBytes);
            // Read again, and not by way of the local disk, which may be smaller. What changes meanwhile is not stored, and found by the next try.
            await artifacts.PutAsync(OpenAsync, uploaded.Sha256, cancellationToken);
            return (null, new JobInput(FoundDataset.InputName, session.FileName!, uploaded.Sha256, uploaded.SizeBytes));
        }
        catch (LarderException e) when (e.IsPermanent)
        {
            return (e.Message, null);
        }

        async Task<Stream> OpenAsync() => await sessions.OpenReadAsync(options.Upload!, cancellationToken)
            ?? throw new NotFoundException("What was uploaded is not there any more: it was swept.");
    }
}
