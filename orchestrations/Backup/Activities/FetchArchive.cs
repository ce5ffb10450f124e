using Larder.Registry;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations;

/// <summary>Copies an archive that is behind a URL into the job's files, without local disk; what is in storage is read where it is.</summary>
public sealed class FetchArchive(JobSteps steps, JobFiles files, UrlSource urls, ScoringLimits fetching, ImportLimits limits, TimeProvider time)
{
    private const string Step = "fetch";
    private const long MaxSecretBytes = 1 << 20;

    /// <summary>Runs it.</summary>
    [Function(ActivityNames.FetchArchive)]
    public Task<TransferResult> Run([ActivityTrigger] string job, CancellationToken cancellation) => steps.RunAsync(
        job, Step, 0, found => FetchAsync(found, cancellation), detail: result => result.Problem ?? result.Summary, cancellation: cancellation);

    private async Task<TransferResult> FetchAsync(Job job, CancellationToken cancellation)
    {
        if (job.Inputs.Count > 0 || job.Source is not { } source || !DatasetSource.IsUrl(source))
            return new TransferResult();
        if (await files.GetPropertiesAsync(job.Id, TransferPaths.Fetched, cancellation) is { } there)
            return new TransferResult(Summary: $"{there.SizeBytes} bytes.");

        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(fetching.FetchSeconds), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timeout.Token);
        try
        {
            var secrets = await JobSecrets.ReadAsync(files, job.Id, MaxSecretBytes, either.Token);
            var bytes = await CopyAsync(job, secrets.GetValueOrDefault(ArchiveSources.UrlSecret, source), either.Token);
            return new TransferResult(Summary: $"{bytes} bytes.");
        }
        catch (JobCanceledException)
        {
            return TransferResult.Canceled;
        }
        catch (Exception e) when (e is InvalidRequestException or TooLargeException)
        {
            return new TransferResult(e.Message);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            return new TransferResult($"Fetching the archive took longer than {fetching.FetchSeconds} seconds (Limits:Scoring:FetchSeconds).");
        }
    }

    private async Task<long> CopyAsync(Job job, string url, CancellationToken cancellation)
    {
        var progress = new TransferProgress(steps, time, job.Id, Step);
        var (content, length) = await urls.OpenAsync(url, cancellation);
        await using (content)
        {
            Require(length ?? 0);
            await using var copy = new JobFileWriter(files, job.Id, TransferPaths.Fetched);
            var buffer = new byte[256 * 1024];
            var bytes = 0L;
            while (await content.ReadAsync(buffer, cancellation) is > 0 and var read)
            {
                bytes += read;
                Require(bytes);
                await copy.WriteAsync(buffer.AsMemory(0, read), cancellation);
                await progress.NoteAsync(() => $"{bytes} bytes so far.", cancellation);
            }

            if (bytes == 0)
                throw new InvalidRequestException("There is nothing behind the URL: the archive is empty.");
            await copy.CommitAsync("application/zip", _ => Task.CompletedTask, cancellation);
            return bytes;
        }
    }

    private void Require(long bytes)
    {
        if (bytes > limits.ArchiveBytes)
            throw new TooLargeException($"The archive has more than {limits.ArchiveBytes} bytes, which is the limit (Limits:Import:ArchiveBytes).");
    }
}
