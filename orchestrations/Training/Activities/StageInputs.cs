using Larder.Registry;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations;

/// <summary>
/// Makes sure that a job's inputs are stored, and stay: an old artifact that only this job names is made young, and a data set that is to be read anew is
/// read, hashed and stored.
/// </summary>
public sealed class StageInputs(
    JobSteps steps, IArtifactStore artifacts, DropFiles drops, StagingArea staging, IComputeBackend backend, JobLimits limits)
{
    private const string Dataset = "dataset";

    /// <summary>Runs it.</summary>
    /// <returns>What is wrong; null when nothing is.</returns>
    [Function(nameof(StageInputs))]
    public async Task<string?> Run([ActivityTrigger] string job, CancellationToken cancellation)
    {
        var staged = await steps.RunAsync(
            job,
            "stage",
            0,
            found => StageAsync(found, cancellation),
            (now, staged) => now with { Backend = backend.Name, Inputs = staged.Inputs },
            staged => staged.Problem ?? staged.Detail,
            cancellation);
        return staged.Problem;
    }

    private async Task<Staged> StageAsync(Job job, CancellationToken cancellation)
    {
        foreach (var input in job.Inputs)
        {
            if (!await artifacts.TouchAsync(input.Sha256, cancellation))
                return new Staged(job.Inputs, Problem: $"The input {input.Name} is not stored any more.");
        }

        // One that is there already was read by an earlier try, or by the job that this one runs again.
        return job.Source is { } source && !job.Inputs.Any(input => input.Name == Dataset)
            ? await ReadAnewAsync(job, source, cancellation)
            : new Staged(job.Inputs);
    }

    private async Task<Staged> ReadAnewAsync(Job job, string source, CancellationToken cancellation)
    {
        try
        {
            var path = source[(DropFiles.Uploads.Length + 1)..];
            await using var content = await drops.OpenReadAsync(DropFiles.Uploads, path, ifMatch: null, cancellation);
            if (content is null)
                return new Staged(job.Inputs, Problem: $"There is no data set {source}.");
            await using var file = await staging.AddAsync(content, Dataset, limits.DatasetBytes, cancellation: cancellation);
            await artifacts.PutAsync(file.Path, file.Sha256, cancellation);
            var input = new JobInput(Dataset, path[(path.LastIndexOf('/') + 1)..], file.Sha256, file.SizeBytes);
            return new Staged([.. job.Inputs, input], Detail: $"Read {source}: {file.SizeBytes} bytes, SHA-256 {file.Sha256}.");
        }
        catch (TooLargeException e) when (e is not NoRoomException)
        {
            return new Staged(job.Inputs, Problem: e.Message);
        }
    }

    private sealed record Staged(IReadOnlyList<JobInput> Inputs, string? Problem = null, string? Detail = null);
}
