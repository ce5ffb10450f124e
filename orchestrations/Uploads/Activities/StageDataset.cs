using Larder.Registry;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations;

/// <summary>Copies an uploaded data set to where it can be relied on, if it is what its sender says: an artifact, which the job names as its input.</summary>
public sealed class StageDataset(JobSteps steps, UploadSessions sessions, Arrivals arrivals, DatasetJob type)
{
    /// <summary>Runs it.</summary>
    /// <returns>What is wrong; null when nothing is.</returns>
    [Function(nameof(StageDataset))]
    public async Task<string?> Run([ActivityTrigger] string job, CancellationToken cancellation)
    {
        var (reason, _) = await steps.RunAsync(
            job,
            "stage",
            0,
            found => StageAsync(found, cancellation),
            (found, staged) => staged.Input is null ? found : found with { Inputs = [staged.Input] },
            staged => staged.Reason ?? $"{staged.Input!.SizeBytes} bytes, SHA-256 {staged.Input.Sha256}.",
            cancellation);
        return reason;
    }

    private async Task<(string? Reason, JobInput? Input)> StageAsync(Job job, CancellationToken cancellation)
    {
        if (await arrivals.HasInputAsync(job, cancellation))
            return (null, job.Inputs[0]);
        var options = DatasetJob.OptionsOf(job);
        try
        {
            var session = await sessions.GetAsync(job.Model, options.Upload!, cancellation);
            await using var content = await sessions.OpenReadAsync(session.Id, cancellation);
            if (content is null)
                return ("What was uploaded is not there any more: it was swept.", null);
            var input = await arrivals.StoreAsync(
                FoundDataset.InputName,
                session.FileName!,
                content,
                type.MostBytes,
                null,
                staged => UploadedBytes.Require(staged, options.Sha256, options.SizeBytes ?? session.SizeBytes),
                cancellation);
            return (null, input);
        }
        catch (Exception e) when (e is NotFoundException || Arrivals.IsRefusal(e))
        {
            return (e.Message, null);
        }
    }
}
