using Larder.Registry;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations;

/// <summary>Gives an uploaded data set its name, unless a newer upload has taken that already.</summary>
public sealed class RegisterDataset(JobSteps steps, DatasetStore datasets, TimeProvider time)
{
    /// <summary>Runs it.</summary>
    /// <returns>What came of it, in a sentence.</returns>
    [Function(ActivityNames.RegisterDataset)]
    public Task<string> Run([ActivityTrigger] string job, CancellationToken cancellation) => steps.RunAsync(
        job, "register", 0, found => RegisterAsync(found, cancellation), detail: told => told, cancellation: cancellation);

    private async Task<string> RegisterAsync(Job job, CancellationToken cancellation)
    {
        var input = job.Inputs[0];
        var named = await datasets.PutAsync(
            new Dataset
            {
                Model = job.Model,
                FileName = input.FileName,
                Sha256 = input.Sha256,
                SizeBytes = input.SizeBytes,
                Job = job.Id,
                Owner = job.Owner,
                Created = time.GetUtcNow(),
            },
            cancellation);
        var address = Dataset.AddressOf(job.Model, input.FileName);
        return named.Job == job.Id ? $"It is {address}." : $"{address} is a newer upload already, of the job {named.Job}.";
    }
}
