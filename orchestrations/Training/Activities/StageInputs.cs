using Larder.Orchestrations.Compute;
using Larder.Orchestrations.Datasets;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Training.Runs;
using Larder.Registry.Jobs;
using Larder.Registry.Storage;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations.Training.Activities;

/// <summary>
/// Makes sure that a job's inputs are stored, and stay: an old artifact that only this job names is made young, and a data set that the job only names is
/// read, hashed and stored.
/// </summary>
public sealed class StageInputs(
    JobSteps steps, IArtifactStore artifacts, DatasetFetcher fetcher, IComputeBackend backend, TrainingRuns runs, JobLimits limits)
{
    /// <summary>Stages the inputs of a training.</summary>
    /// <returns>What is wrong; null when nothing is.</returns>
    [Function(ActivityNames.StageInputs)]
    public async Task<string?> Run([ActivityTrigger] string job, CancellationToken cancellationToken)
    {
        var staged = await steps.RunAsync(
            job,
            "stage",
            0,
            async found =>
            {
                var staged = await StageAsync(found, cancellationToken);
                return staged with { Run = await runs.BeginAsync(found with { Inputs = staged.Inputs }, cancellationToken) };
            },
            (now, staged) => now with { Backend = backend.Name, Inputs = staged.Inputs, Run = staged.Run },
            staged => staged.Problem ?? staged.Detail,
            cancellationToken: cancellationToken);
        return staged.Problem;
    }

    private async Task<Staged> StageAsync(Job job, CancellationToken cancellationToken)
    {
        foreach (var input in job.Inputs)
        {
            if (!await artifacts.TouchAsync(input.Sha256, cancellationToken))
                return new Staged(job.Inputs, Problem: $"The input {input.Name} is not stored any more.");
        }

        // One that is there already came with the request, or was read by an earlier try, or by the job that this one runs again.
        return job.Source is { } source && job.Inputs.All(input => input.Name != FoundDataset.InputName)
            ? await FetchAsync(job, source, cancellationToken)
            : new Staged(job.Inputs);
    }

    private async Task<Staged> FetchAsync(Job job, string source, CancellationToken cancellationToken) =>
        await fetcher.FetchAsync(job, limits.DatasetBytes, cancellationToken) switch
        {
            (null, var problem) => new Staged(job.Inputs, Problem: problem),
            ({ SizeBytes: 0 }, _) => new Staged(job.Inputs, Problem: "The data set is empty."),
            var (input, _) => new Staged([.. job.Inputs, input], Detail: $"Read {source}: {input.SizeBytes} bytes, SHA-256 {input.Sha256}."),
        };

    private sealed record Staged(IReadOnlyList<JobInput> Inputs, string? Problem = null, string? Detail = null, string? Run = null);
}
