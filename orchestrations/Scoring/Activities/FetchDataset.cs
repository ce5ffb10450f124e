using Larder.Orchestrations.Datasets;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Jobs;
using Larder.Registry.Storage;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations.Scoring.Activities;

/// <summary>Makes a data set that a job only names one of its inputs.</summary>
public sealed class FetchDataset(JobSteps steps, IArtifactStore artifacts, DatasetFetcher fetcher, ScoringLimits limits)
{
    /// <summary>Fetches the data set of a job.</summary>
    /// <returns>What is wrong; null when nothing is.</returns>
    [Function(ActivityNames.FetchDataset)]
    public async Task<string?> Run([ActivityTrigger] string job, CancellationToken cancellationToken)
    {
        var (_, problem) = await steps.RunAsync(
            job,
            "fetch",
            0,
            found => FetchAsync(found, cancellationToken),
            (now, result) => result.Input is null ? now : now with { Inputs = [.. now.Inputs.Where(input => input.Name != FoundDataset.InputName), result.Input] },
            result => result.Problem ?? $"{result.Input!.SizeBytes} bytes.",
            beginsJob: true,
            cancellationToken: cancellationToken);
        return problem;
    }

    private async Task<(JobInput? Input, string? Problem)> FetchAsync(Job job, CancellationToken cancellationToken)
    {
        if (job.Inputs.FirstOrDefault(input => input.Name == FoundDataset.InputName) is not { } there)
            return await fetcher.FetchAsync(job, limits.DatasetBytes, cancellationToken);
        return await artifacts.TouchAsync(there.Sha256, cancellationToken) ? (there, null) : (null, "The data set is not stored any more.");
    }
}
