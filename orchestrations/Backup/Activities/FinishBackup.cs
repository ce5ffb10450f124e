using Larder.Orchestrations.Jobs;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations.Backup.Activities;

/// <summary>The clean-up of an export or import: deletes its temporary files.</summary>
public sealed class FinishBackup(JobSteps steps, JobFiles files)
{
    /// <summary>Deletes the files that only the job's steps needed, and what an export that failed has written.</summary>
    [Function(ActivityNames.FinishTransfer)]
    public Task Run([ActivityTrigger] JobResult result, CancellationToken cancellationToken) => steps.RunAsync(
        result.Job,
        "clean_up",
        0,
        async job =>
        {
            if (job.Outputs.Count == 0)
            {
                // Blocks, or a file that was there when the step was given up.
                await files.DropBlocksAsync(job.Id, BackupPaths.StoredArchive, cancellationToken);
                await files.DeleteFileAsync(job.Id, BackupPaths.StoredArchive, cancellationToken);
            }

            await files.DeleteFileAsync(job.Id, BackupPaths.Contents, cancellationToken);
            await foreach (var file in files.ListAsync(job.Id, BackupPaths.Folder, cancellationToken))
                await files.DeleteFileAsync(job.Id, file.Path, cancellationToken);
            await files.DropBlocksAsync(job.Id, BackupPaths.Fetched, cancellationToken);
            return true;
        },
        cancellationToken: cancellationToken);
}
