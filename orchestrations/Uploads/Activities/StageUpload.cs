using Larder.Registry;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations;

/// <summary>Copies what was uploaded to where it can be relied on, if it is what its sender says: an artifact, which the job names as its input.</summary>
public sealed class StageUpload(JobSteps steps, JobFiles files, UploadSessions sessions, Arrivals arrivals, PublishingOptions publishing)
{
    /// <summary>Runs it.</summary>
    /// <returns>What is wrong; null when nothing is.</returns>
    [Function(ActivityNames.StageUpload)]
    public Task<string?> Run([ActivityTrigger] string job, CancellationToken cancellation) =>
        Arrivals.StageUploadAsync(steps, job, found => StageAsync(found, cancellation), cancellation);

    private async Task<(string? Reason, JobInput? Input)> StageAsync(Job job, CancellationToken cancellation)
    {
        var options = UploadJob.OptionsOf(job);
        if (await arrivals.HasInputAsync(job, cancellation))
        {
            await UploadJob.ArrivalOf(options, job.Inputs[0].FileName).WriteAsync(files, job.Id, cancellation);
            return (null, job.Inputs[0]);
        }

        try
        {
            var session = await sessions.GetAsync(job.Model, options.Upload!, cancellation);
            var fileName = session.FileName ?? $"{job.Model}.onnx";
            await UploadJob.ArrivalOf(options, fileName).WriteAsync(files, job.Id, cancellation);
            await using var content = await sessions.OpenReadAsync(session.Id, cancellation);
            if (content is null)
                return ("What was uploaded is not there any more: it was swept.", null);
            var input = await arrivals.StoreAsync(
                Arrival.ModelInput,
                fileName,
                content,
                publishing.ModelBytes,
                null,
                staged => new UploadedBytes(staged.Sha256, staged.SizeBytes).Require(options.Sha256, options.SizeBytes ?? session.SizeBytes),
                cancellation);
            return (null, input);
        }
        catch (Exception e) when (e is NotFoundException || Arrivals.IsRefusal(e))
        {
            return (e.Message, null);
        }
    }
}
