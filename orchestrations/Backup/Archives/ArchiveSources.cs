using Larder.Orchestrations.Datasets;
using Larder.Registry.Backup;
using Larder.Registry.Errors;
using Larder.Registry.Ingestion;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Storage;

namespace Larder.Orchestrations.Backup.Archives;

/// <summary>Opens the archive that an import is about, wherever it is; it is read where it is, in ranges.</summary>
/// <param name="files">Archives that jobs exported, or fetched.</param>
/// <param name="artifacts">Archives that came with a request.</param>
/// <param name="blobs">Archives in the container <c>uploads</c>.</param>
/// <param name="limits">How large it may be.</param>
public sealed class ArchiveSources(JobFiles files, IArtifactStore artifacts, BlobDatasets blobs, ImportLimits limits)
{
    /// <summary><see cref="JobInput.Name"/> of an archive.</summary>
    internal const string Input = "archive";

    /// <summary>The name of the secret that is a URL with its query.</summary>
    internal const string UrlSecret = "archive_url";

    private const string JobContainer = "job-";

    /// <summary>The source of what a job exported.</summary>
    internal static string OfJob(string id, string etag) => DatasetSource.Of(JobContainer + id, BackupPaths.StoredArchive, etag);

    /// <summary>Opens it.</summary>
    /// <exception cref="InvalidRequestException">It is not there any more, is another one by now, or is no archive.</exception>
    /// <exception cref="TooLargeException">It is larger than it may be.</exception>
    internal async Task<BackupArchive> OpenAsync(Job job, CancellationToken cancellationToken)
    {
        var (length, open) = await FindAsync(job, cancellationToken);
        if (length > limits.ArchiveBytes)
            throw new TooLargeException($"The archive has {length} bytes; {limits.ArchiveBytes} is the most (Limits:Import:ArchiveBytes).");
        return await BackupArchive.OpenAsync(
            new RangeStream(length, async (offset, count, stop) => await open(offset, count, stop) ?? throw Gone()), limits, cancellationToken);
    }

    private async Task<(long Length, Func<long, long, CancellationToken, Task<Stream?>> Open)> FindAsync(Job job, CancellationToken cancellationToken)
    {
        if (job.Inputs.FirstOrDefault(input => input.Name == Input) is { } input)
            return (input.SizeBytes, (offset, count, stop) => artifacts.OpenReadAsync(input.Sha256, offset, count, stop));
        var text = job.Source ?? throw new InvalidRequestException("The job has no archive.");
        if (DatasetSource.IsUrl(text))
            return await OfJobAsync(job.Id, BackupPaths.Fetched, null, cancellationToken);
        var source = DatasetSource.Parse(text);
        if (source.Container!.StartsWith(JobContainer, StringComparison.Ordinal))
            return await OfJobAsync(source.Container[JobContainer.Length..], source.Path, source.ETag, cancellationToken);
        var found = await blobs.FindAsync(source.Container, source.Path, cancellationToken);
        return found?.ETag == source.ETag
            ? (found!.SizeBytes, (offset, count, stop) => blobs.OpenReadAsync(source.Container, source.Path, source.ETag, offset, count, stop))
            : throw Gone();
    }

    private async Task<(long Length, Func<long, long, CancellationToken, Task<Stream?>> Open)> OfJobAsync(
        string id, string path, string? etag, CancellationToken cancellationToken)
    {
        var found = await files.GetPropertiesAsync(id, path, cancellationToken);
        return found is not null && (etag is null || found.ETag == etag)
            ? (found.SizeBytes, (offset, count, stop) => files.OpenReadAsync(id, path, offset, count, found.ETag, stop))
            : throw Gone();
    }

    private static InvalidRequestException Gone() => new("The archive was replaced or removed before it could be read.");
}
