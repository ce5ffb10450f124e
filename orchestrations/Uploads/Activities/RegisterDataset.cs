using Larder.Orchestrations.Jobs;
using Larder.Registry.Datasets;
using Larder.Registry.Jobs;
using Larder.Registry.Models;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations.Uploads.Activities;

/// <summary>Gives an uploaded data set its name, unless a newer upload has taken that already.</summary>
public sealed class RegisterDataset(JobSteps steps, DatasetStore datasets, TimeProvider time)
{
    /// <summary>Names the data set of a job that is staged.</summary>
    /// <returns>The outcome in a sentence.</returns>
    [Function(ActivityNames.RegisterDataset)]
    public Task<string> Run([ActivityTrigger] string job, CancellationToken cancellationToken) => steps.RunAsync(
        job, "register", 0, found => RegisterAsync(found, cancellationToken), detail: told => told, cancellationToken: cancellationToken);

    private async Task<string> RegisterAsync(Job job, CancellationToken cancellationToken)
    {
        var input = job.Inputs[0];
        var named = await datasets.PutAsync(
            new Dataset
            {
                Model = ModelName.Parse(job.Model),
                FileName = input.FileName,
                Sha256 = input.Sha256,
                SizeBytes = input.SizeBytes,
                Job = job.Id,
                Owner = job.Owner,
                Created = time.GetUtcNow(),
            },
            cancellationToken);
        var address = Dataset.AddressOf(job.Model, input.FileName);
        return named.Job == job.Id ? $"It is {address}." : $"{address} is a newer upload already, of the job {named.Job}.";
    }
}
