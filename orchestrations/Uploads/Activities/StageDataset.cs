using Larder.Registry;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations;

/// <summary>Copies an uploaded data set to where it can be relied on, if it is what its sender says: an artifact, which the job names as its input.</summary>
public sealed class StageDataset(JobSteps steps, UploadSessions sessions, Arrivals arrivals, IArtifactStore artifacts, DatasetJob type)
{
    /// <summary>Runs it.</summary>
    /// <returns>What is wrong; null when nothing is.</returns>
    [Function(ActivityNames.StageDataset)]
    public Task<string?> Run([ActivityTrigger] string job, CancellationToken cancellation) =>
        Arrivals.StageUploadAsync(steps, job, found => StageAsync(found, cancellation), cancellation);

    private async Task<(string? Reason, JobInput? Input)> StageAsync(Job job, CancellationToken cancellation)
    {
        if (await arrivals.HasInputAsync(job, cancellation))
            return (null, job.Inputs[0]);
        var options = DatasetJob.OptionsOf(job);
        try
        {
            var session = await sessions.GetAsync(job.Model, options.Upload!, cancellation);
            UploadedBytes uploaded;
            await using (var content = await OpenAsync())
                uploaded = await UploadedBytes.OfAsync(content, "data set", type.MostBytes, cancellation);
            uploaded.Require(options.Sha256, options.SizeBytes ?? session.SizeBytes);
            // Read again, and not by way of the local disk, which may be smaller. What changes meanwhile is not stored, and found by the next try.
            await artifacts.PutAsync(OpenAsync, uploaded.Sha256, cancellation);
            return (null, new JobInput(FoundDataset.InputName, session.FileName!, uploaded.Sha256, uploaded.SizeBytes));
        }
        catch (Exception e) when (e is NotFoundException || Arrivals.IsRefusal(e))
        {
            return (e.Message, null);
        }

        async Task<Stream> OpenAsync() => await sessions.OpenReadAsync(options.Upload!, cancellation)
            ?? throw new NotFoundException("What was uploaded is not there any more: it was swept.");
    }
}
