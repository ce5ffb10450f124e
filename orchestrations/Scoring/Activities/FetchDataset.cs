using Larder.Registry;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations;

/// <summary>Makes a data set that a job only names one of its inputs.</summary>
public sealed class FetchDataset(JobSteps steps, IArtifactStore artifacts, DatasetFetcher fetcher, ScoringLimits limits)
{
    /// <summary>Runs it.</summary>
    /// <returns>What is wrong; null when nothing is.</returns>
    [Function(ActivityNames.FetchDataset)]
    public async Task<string?> Run([ActivityTrigger] string job, CancellationToken cancellation)
    {
        var (_, problem) = await steps.RunAsync(
            job,
            "fetch",
            0,
            found => FetchAsync(found, cancellation),
            (now, result) => result.Input is null ? now : now with { Inputs = [result.Input] },
            result => result.Problem ?? $"{result.Input!.SizeBytes} bytes.",
            cancellation);
        return problem;
    }

    private async Task<(JobInput? Input, string? Problem)> FetchAsync(Job job, CancellationToken cancellation)
    {
        if (job.Inputs.FirstOrDefault(input => input.Name == FoundDataset.InputName) is not { } there)
            return await fetcher.FetchAsync(job, limits.DatasetBytes, cancellation);
        return await artifacts.TouchAsync(there.Sha256, cancellation) ? (there, null) : (null, "The data set is not stored any more.");
    }
}
