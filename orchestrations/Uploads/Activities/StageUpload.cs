using Larder.Inference;
using Larder.Orchestrations.Ingestion;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Larder.Registry.Uploads;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations.Uploads.Activities;

/// <summary>Copies what was uploaded to where it can be relied on, if it is what its sender says: an artifact, which the job names as its input.</summary>
public sealed class StageUpload(JobSteps steps, JobFiles files, UploadSessions sessions, IngestionStaging arrivals)
{
    /// <summary>Stages the upload of a job.</summary>
    /// <returns>What is wrong; null when nothing is.</returns>
    [Function(ActivityNames.StageUpload)]
    public Task<string?> Run([ActivityTrigger] string job, CancellationToken cancellationToken) =>
        IngestionStaging.StageUploadAsync(steps, job, found => StageAsync(found, cancellationToken), cancellationToken);

    private async Task<(string? Reason, JobInput? Input)> StageAsync(Job job, CancellationToken cancellationToken)
    {
        var options = JobOptions.Of<UploadOptions>(job);
        if (await arrivals.HasInputAsync(job, cancellationToken))
        {
            await UploadJob.ArrivalOf(options, job.Inputs[0].FileName).WriteAsync(files, job.Id, cancellationToken);
            return (null, job.Inputs[0]);
        }

        try
        {
            var session = await sessions.GetAsync(ModelName.Parse(job.Model), options.Upload!, cancellationToken);
            var fileName = session.FileName ?? $"{job.Model}.onnx";
            await UploadJob.ArrivalOf(options, fileName).WriteAsync(files, job.Id, cancellationToken);
            await using var content = await sessions.OpenReadAsync(session.Id, cancellationToken);
            if (content is null)
                return ("What was uploaded is not there any more: it was swept.", null);
            var input = await arrivals.StoreAsync(
                fileName,
                content,
                null,
                staged => new UploadedBytes(staged.Sha256, staged.SizeBytes).Require(options.Sha256, options.SizeBytes ?? session.SizeBytes),
                cancellationToken);
            return (null, input);
        }
        catch (LarderException e) when (e.IsPermanent)
        {
            return (e.Message, null);
        }
    }
}
