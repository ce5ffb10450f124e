using Larder.Inference;
using Larder.Orchestrations.Backup.Archives;
using Larder.Orchestrations.Datasets;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Scoring;
using Larder.Registry.Backup;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations.Backup.Activities;

/// <summary>Copies an archive that is behind a URL into the job's files, without local disk; what is in storage is read where it is.</summary>
public sealed class FetchArchive(JobSteps steps, JobFiles files, UrlSource urls, ScoringLimits fetching, ImportLimits limits, TimeProvider time)
{
    private const string Step = "fetch";
    private const long MaxSecretBytes = 1 << 20;

    /// <summary>Fetches the archive of an import.</summary>
    [Function(ActivityNames.FetchArchive)]
    public Task<StepResult> Run([ActivityTrigger] string job, CancellationToken cancellationToken) => steps.RunAsync(
        job, Step, 0, found => FetchAsync(found, cancellationToken), detail: result => result.Problem ?? result.Summary, beginsJob: true, cancellationToken: cancellationToken);

    private async Task<StepResult> FetchAsync(Job job, CancellationToken cancellationToken)
    {
        if (job.Inputs.Count > 0 || job.Source is not { } source || !DatasetSource.IsUrl(source))
            return new StepResult();
        if (await files.GetPropertiesAsync(job.Id, BackupPaths.Fetched, cancellationToken) is { } there)
            return new StepResult(Summary: $"{there.SizeBytes} bytes.");

        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(fetching.FetchSeconds), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            var secrets = await JobSecrets.ReadAsync(files, job.Id, MaxSecretBytes, either.Token);
            var bytes = await CopyAsync(job, secrets.GetValueOrDefault(ArchiveSources.UrlSecret, source), either.Token);
            return new StepResult(Summary: $"{bytes} bytes.");
        }
        catch (JobCanceledException)
        {
            return StepResult.Canceled;
        }
        catch (LarderException e) when (e.IsPermanent)
        {
            return new StepResult(e.Message);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return new StepResult($"Fetching the archive took longer than {fetching.FetchSeconds} seconds (Limits:Scoring:FetchSeconds).");
        }
    }

    private async Task<long> CopyAsync(Job job, string url, CancellationToken cancellationToken)
    {
        var progress = new StepProgress(steps, time, job.Id, Step);
        var (content, length) = await urls.OpenAsync(url, cancellationToken);
        await using (content)
        {
            Require(length ?? 0);
            await using var copy = new JobFileWriter(files, job.Id, BackupPaths.Fetched);
            var buffer = new byte[256 * 1024];
            var bytes = 0L;
            while (await content.ReadAsync(buffer, cancellationToken) is > 0 and var read)
            {
                bytes += read;
                Require(bytes);
                await copy.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                await progress.NoteAsync(() => $"{bytes} bytes so far.", cancellationToken);
            }

            if (bytes == 0)
                throw new InvalidRequestException("There is nothing behind the URL: the archive is empty.");
            await copy.CommitAsync("application/zip", _ => Task.CompletedTask, cancellationToken);
            return bytes;
        }
    }

    private void Require(long bytes)
    {
        if (bytes > limits.ArchiveBytes)
            throw new TooLargeException($"The archive has more than {limits.ArchiveBytes} bytes, which is the limit (Limits:Import:ArchiveBytes).");
    }
}
