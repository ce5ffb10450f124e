using Larder.Registry;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations;

/// <summary>Removes what an export or import needed only on its way.</summary>
public sealed class FinishTransfer(JobSteps steps, JobFiles files)
{
    /// <summary>How the job ends.</summary>
    /// <param name="Job">The job's id.</param>
    /// <param name="State">A final state.</param>
    /// <param name="Reason">Why, in a sentence.</param>
    public sealed record Input(string Job, JobState State, string? Reason);

    /// <summary>Runs it.</summary>
    [Function(ActivityNames.FinishTransfer)]
    public Task Run([ActivityTrigger] Input input, CancellationToken cancellation) => steps.RunAsync(
        input.Job,
        "clean_up",
        0,
        async job =>
        {
            if (job.Outputs.Count == 0)
            {
                // Blocks, or a file that was there when the step was given up.
                await files.DropBlocksAsync(job.Id, TransferPaths.StoredArchive, cancellation);
                await files.DeleteFileAsync(job.Id, TransferPaths.StoredArchive, cancellation);
            }

            await files.DeleteFileAsync(job.Id, TransferPaths.Contents, cancellation);
            await foreach (var file in files.ListAsync(job.Id, TransferPaths.Folder, cancellation))
                await files.DeleteFileAsync(job.Id, file.Path, cancellation);
            await files.DropBlocksAsync(job.Id, TransferPaths.Fetched, cancellation);
            return true;
        },
        cancellation: cancellation);
}
