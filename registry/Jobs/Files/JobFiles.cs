using System.Runtime.CompilerServices;
using System.Text;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Azure.Storage.Sas;
using Larder.Registry.Errors;
using Larder.Registry.Storage.Blobs;
using Larder.Registry.Text;

namespace Larder.Registry.Jobs.Files;

/// <summary>
/// The files of jobs: one container <c>job-{id}</c> for each job, so that one URL can open what is its own and nothing else, and deleting it
/// deletes everything.
/// </summary>
/// <remarks>
/// All methods throw <see cref="StorageUnavailableException"/> during an outage, and <see cref="InvalidRequestException"/> for what is no path
/// (<see cref="JobFilePath"/>). Those that write throw <see cref="NotFoundException"/> when the job's files were deleted, or never made room for.
/// </remarks>
/// <param name="account">The storage account.</param>
/// <param name="time">For the URLs that are signed.</param>
public sealed class JobFiles(BlobServiceClient account, TimeProvider time)
{
    private const string Prefix = "job-";

    private readonly UrlSigner _signer = new(account, time);

    /// <summary>Creates the container of a job's files; does nothing when it exists.</summary>
    public Task CreateAsync(string job, CancellationToken cancellationToken = default)
    {
        var container = Container(job);
        return BlobFailures.GuardAsync(() => container.CreateIfNotExistsAsync(cancellationToken: cancellationToken), cancellationToken);
    }

    /// <summary>Deletes all files of a job.</summary>
    /// <returns>False when there were none.</returns>
    public Task<bool> DeleteAsync(string job, CancellationToken cancellationToken = default)
    {
        var container = Container(job);
        return BlobFailures.GuardAsync(async () => (await container.DeleteIfExistsAsync(cancellationToken: cancellationToken)).Value, cancellationToken);
    }

    /// <summary>Writes a file whole, in the place of what is there.</summary>
    /// <returns>Its ETag.</returns>
    public Task<string> WriteAsync(string job, string path, BinaryData content, CancellationToken cancellationToken = default)
    {
        var blob = Blob(job, path);
        return WriteAsync(job, async () => Unquoted((await blob.UploadAsync(content, overwrite: true, cancellationToken)).Value.ETag), cancellationToken);
    }

    /// <summary>Writes a file whole if it is as it was when it was read, or if there is none.</summary>
    /// <param name="job">The job.</param>
    /// <param name="path">The file.</param>
    /// <param name="content">What it is to hold.</param>
    /// <param name="ifMatch">The ETag that it must have; null when there must be no such file.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>Its ETag; null when it has another one than it must, and then nothing is written.</returns>
    public Task<string?> TryWriteAsync(string job, string path, BinaryData content, string? ifMatch, CancellationToken cancellationToken = default)
    {
        var blob = Blob(job, path);
        var options = new BlobUploadOptions
        {
            Conditions = ifMatch is null ? new BlobRequestConditions { IfNoneMatch = ETag.All } : new BlobRequestConditions { IfMatch = new ETag($"\"{ifMatch}\"") },
        };
        return WriteAsync(
            job,
            async () =>
            {
                try
                {
                    return (string?)Unquoted((await blob.UploadAsync(content, options, cancellationToken)).Value.ETag);
                }
                catch (RequestFailedException e) when (e.Status == 412 || e.ErrorCode == BlobErrorCode.BlobAlreadyExists)
                {
                    return null;
                }
            },
            cancellationToken);
    }

    /// <summary>Reads a small file whole, with its ETag.</summary>
    /// <returns>Its bytes and ETag; null when there is no such file.</returns>
    /// <inheritdoc cref="ReadAsync"/>
    public Task<(BinaryData Content, string ETag)?> ReadWithETagAsync(string job, string path, long maxBytes, CancellationToken cancellationToken = default)
    {
        var blob = Blob(job, path);
        return BlobFailures.GuardAsync(
            async () =>
            {
                try
                {
                    BlobDownloadStreamingResult read = await blob.DownloadStreamingAsync(cancellationToken: cancellationToken);
                    await using var content = read.Content;
                    return read.Details.ContentLength > maxBytes
                        ? throw new TooLargeException($"The file {Quoted.Text(path)} of the job {job} has more than {maxBytes} bytes.")
                        : ((BinaryData, string)?)(await BinaryData.FromStreamAsync(content, cancellationToken), Unquoted(read.Details.ETag));
                }
                catch (RequestFailedException e) when (IsMissing(e))
                {
                    return null;
                }
            },
            cancellationToken);
    }

    /// <summary>Makes an empty file that can be added to, unless something is there.</summary>
    public Task CreateAppendableAsync(string job, string path, CancellationToken cancellationToken = default)
    {
        var blob = Container(job).GetAppendBlobClient(JobFilePath.Validated(path));
        return WriteAsync(job, () => blob.CreateIfNotExistsAsync(cancellationToken: cancellationToken), cancellationToken);
    }

    /// <summary>Reads a small file whole.</summary>
    /// <param name="job">The job.</param>
    /// <param name="path">The file.</param>
    /// <param name="maxBytes">The most bytes to read.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>Its bytes; null when there is no such file.</returns>
    /// <exception cref="TooLargeException">It has more.</exception>
    public async Task<BinaryData?> ReadAsync(string job, string path, long maxBytes, CancellationToken cancellationToken = default)
    {
        var read = await ReadRangeAsync(job, path, 0, maxBytes + 1, cancellationToken);
        return read?.Length > maxBytes
            ? throw new TooLargeException($"The file {Quoted.Text(path)} of the job {job} has more than {maxBytes} bytes.")
            : read is { } content ? new BinaryData(content) : null;
    }

    /// <summary>Opens a file, or a range of it.</summary>
    /// <param name="job">The job.</param>
    /// <param name="path">The file.</param>
    /// <param name="offset">First byte; less than the size, unless both are 0.</param>
    /// <param name="length">How many bytes; null for the rest.</param>
    /// <param name="ifMatch">The ETag that it must have; null for any.</param>
    /// <param name="cancellationToken">Cancels the opening, not the stream.</param>
    /// <returns>A stream to read once and dispose of, or null when there is no such file.</returns>
    /// <exception cref="PreconditionFailedException">It has another ETag.</exception>
    public Task<Stream?> OpenReadAsync(
        string job, string path, long offset = 0, long? length = null, string? ifMatch = null, CancellationToken cancellationToken = default)
    {
        var blob = Blob(job, path);
        var options = new BlobDownloadOptions
        {
            Range = offset == 0 && length is null ? default : new HttpRange(offset, length),
            Conditions = ifMatch is null ? null : new BlobRequestConditions { IfMatch = new ETag($"\"{ifMatch}\"") },
        };
        return BlobFailures.GuardAsync(
            async () =>
            {
                try
                {
                    BlobDownloadStreamingResult read = await blob.DownloadStreamingAsync(options, cancellationToken);
                    return (Stream?)read.Content;
                }
                catch (RequestFailedException e) when (IsMissing(e))
                {
                    return null;
                }
                catch (RequestFailedException e) when (e.Status == 412)
                {
                    // Azurite says that of a blob that is not there, too.
                    if (!await blob.ExistsAsync(cancellationToken))
                        return null;
                    throw new PreconditionFailedException($"The file {Quoted.Text(path)} of the job {job} is no longer what it was.");
                }
            },
            cancellationToken);
    }

    /// <summary>The properties of a file; null when there is none.</summary>
    public Task<JobFile?> GetPropertiesAsync(string job, string path, CancellationToken cancellationToken = default)
    {
        var blob = Blob(job, path);
        return BlobFailures.GuardAsync(
            async () =>
            {
                try
                {
                    BlobProperties found = await blob.GetPropertiesAsync(cancellationToken: cancellationToken);
                    return new JobFile(path, found.ContentLength, Unquoted(found.ETag), found.LastModified);
                }
                catch (RequestFailedException e) when (IsMissing(e))
                {
                    return null;
                }
            },
            cancellationToken);
    }

    /// <summary>The files whose path begins with a text, by path; none when the job has none.</summary>
    public async IAsyncEnumerable<JobFile> ListAsync(
        string job, string? prefix = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await using var blobs = Container(job).GetBlobsAsync(new GetBlobsOptions { Prefix = prefix }, cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await BlobFailures.GuardAsync(NextAsync, cancellationToken))
        {
            var (blob, known) = (blobs.Current, blobs.Current.Properties);
            yield return new JobFile(
                blob.Name,
                known.ContentLength.GetValueOrDefault(),
                Unquoted(known.ETag.GetValueOrDefault()),
                known.LastModified.GetValueOrDefault());
        }

        async Task<bool> NextAsync()
        {
            try
            {
                return await blobs.MoveNextAsync();
            }
            catch (RequestFailedException e) when (IsMissing(e))
            {
                return false;
            }
        }
    }

    /// <summary>Deletes a file.</summary>
    /// <returns>False when there was none.</returns>
    public Task<bool> DeleteFileAsync(string job, string path, CancellationToken cancellationToken = default)
    {
        var blob = Blob(job, path);
        return BlobFailures.GuardAsync(
            async () =>
            {
                try
                {
                    return (await blob.DeleteIfExistsAsync(cancellationToken: cancellationToken)).Value;
                }
                catch (RequestFailedException e) when (IsMissing(e))
                {
                    return false;
                }
            },
            cancellationToken);
    }

    /// <summary>The places of all jobs' files.</summary>
    public async IAsyncEnumerable<JobFolder> ListJobsAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await using var containers = account.GetBlobContainersAsync(BlobContainerTraits.None, BlobContainerStates.None, Prefix, cancellationToken)
            .GetAsyncEnumerator(cancellationToken);
        while (await BlobFailures.GuardAsync(() => containers.MoveNextAsync().AsTask(), cancellationToken))
        {
            var container = containers.Current;
            if (JobId.IsValid(container.Name[Prefix.Length..]))
                yield return new JobFolder(container.Name[Prefix.Length..], container.Properties.LastModified);
        }
    }

    /// <summary>A signed URL from which a file can be read without other credentials until it expires.</summary>
    /// <param name="job">The job.</param>
    /// <param name="path">The file; it need not be there yet.</param>
    /// <param name="life">How long it works. Signed with an identity instead of an account key, 6 days and 23 hours at most.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public Task<Uri> ReadUrlAsync(string job, string path, TimeSpan life, CancellationToken cancellationToken = default) =>
        FileUrlAsync(job, path, JobFileAccess.Read, life, cancellationToken);

    /// <summary>A URL that opens a file for a while.</summary>
    /// <inheritdoc cref="ReadUrlAsync"/>
    /// <param name="job">The job.</param>
    /// <param name="path">The file; it need not be there yet.</param>
    /// <param name="access">What for.</param>
    /// <param name="life">How long it works. Signed with an identity instead of an account key, 6 days and 23 hours at most.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public Task<Uri> FileUrlAsync(string job, string path, JobFileAccess access, TimeSpan life, CancellationToken cancellationToken = default)
    {
        var permissions = (access.HasFlag(JobFileAccess.Read) ? BlobSasPermissions.Read : 0)
            | (access.HasFlag(JobFileAccess.Create) ? BlobSasPermissions.Create : 0)
            | (access.HasFlag(JobFileAccess.Write) ? BlobSasPermissions.Write : 0)
            | (access.HasFlag(JobFileAccess.Add) ? BlobSasPermissions.Add : 0);
        return _signer.BlobAsync(Blob(job, path), permissions, life, cancellationToken);
    }

    /// <summary>A signed URL with which the job's files can be created and written, but not read or listed, until it expires; a path is put before its query.</summary>
    /// <inheritdoc cref="ReadUrlAsync"/>
    /// <param name="job">The job.</param>
    /// <param name="life">How long it works. Signed with an identity instead of an account key, 6 days and 23 hours at most.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public Task<Uri> FilesUrlAsync(string job, TimeSpan life, CancellationToken cancellationToken = default) =>
        _signer.ContainerAsync(Container(job), BlobContainerSasPermissions.Create | BlobContainerSasPermissions.Write, life, cancellationToken);

    /// <summary>A part of a file.</summary>
    /// <returns>The bytes, fewer than were asked for at the end of the file and none behind it; null when there is no such file.</returns>
    internal Task<ReadOnlyMemory<byte>?> ReadRangeAsync(string job, string path, long offset, long length, CancellationToken cancellationToken)
    {
        var blob = Blob(job, path);
        var options = new BlobDownloadOptions { Range = new HttpRange(offset, length) };
        return BlobFailures.GuardAsync(
            async () =>
            {
                try
                {
                    BlobDownloadResult read = await blob.DownloadContentAsync(options, cancellationToken);
                    return (ReadOnlyMemory<byte>?)read.Content.ToMemory();
                }
                catch (RequestFailedException e) when (e.Status == 416)
                {
                    return ReadOnlyMemory<byte>.Empty;
                }
                catch (RequestFailedException e) when (IsMissing(e))
                {
                    return null;
                }
            },
            cancellationToken);
    }

    /// <summary>The most blocks of a file.</summary>
    public const int MaxBlocks = 50_000;

    /// <summary>
    /// Stores a block of a file that is not there before it is committed. Storing it again changes nothing, unless its bytes are others. Blocks that are
    /// not committed within a week are lost.
    /// </summary>
    /// <param name="job">The job.</param>
    /// <param name="path">The file.</param>
    /// <param name="block">ASCII; all of a file have the same length, 64 at most.</param>
    /// <param name="content">Its bytes, at least one.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public Task StageBlockAsync(string job, string path, string block, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
    {
        var blob = Container(job).GetBlockBlobClient(JobFilePath.Validated(path));
        return WriteAsync(
            job,
            async () =>
            {
                using var stream = BinaryData.FromBytes(content).ToStream();
                return await blob.StageBlockAsync(Encoded(block), stream, options: null, cancellationToken);
            },
            cancellationToken);
    }

    /// <summary>The blocks of a file that wait to be committed, by name; none when it has none.</summary>
    public Task<IReadOnlyList<string>> ListStagedBlocksAsync(string job, string path, CancellationToken cancellationToken = default)
    {
        var blob = Container(job).GetBlockBlobClient(JobFilePath.Validated(path));
        return BlobFailures.GuardAsync(
            async () =>
            {
                try
                {
                    BlockList list = await blob.GetBlockListAsync(BlockListTypes.Uncommitted, cancellationToken: cancellationToken);
                    return (IReadOnlyList<string>)[.. list.UncommittedBlocks.Select(block => Decoded(block.Name)).Order(StringComparer.Ordinal)];
                }
                catch (RequestFailedException e) when (IsMissing(e))
                {
                    return [];
                }
            },
            cancellationToken);
    }

    /// <summary>Makes blocks a file, in the place of what is there. Others of it that wait are lost.</summary>
    /// <returns>The file.</returns>
    public Task<JobFile> CommitBlocksAsync(string job, string path, IEnumerable<string> blocks, string contentType, CancellationToken cancellationToken = default)
    {
        var blob = Container(job).GetBlockBlobClient(JobFilePath.Validated(path));
        var options = new CommitBlockListOptions { HttpHeaders = new BlobHttpHeaders { ContentType = contentType } };
        return WriteAsync(
            job,
            async () =>
            {
                await blob.CommitBlockListAsync(blocks.Select(Encoded), options, cancellationToken);
                BlobProperties done = await blob.GetPropertiesAsync(cancellationToken: cancellationToken);
                return new JobFile(path, done.ContentLength, Unquoted(done.ETag), done.LastModified);
            },
            cancellationToken);
    }

    /// <summary>Lets go of the blocks of a file that was never committed.</summary>
    public async Task DropBlocksAsync(string job, string path, CancellationToken cancellationToken = default)
    {
        if ((await ListStagedBlocksAsync(job, path, cancellationToken)).Count == 0)
            return;
        // There is no other way to it than to write the file.
        await WriteAsync(job, path, BinaryData.Empty, cancellationToken);
        await DeleteFileAsync(job, path, cancellationToken);
    }

    private static string Encoded(string block) => Convert.ToBase64String(Encoding.ASCII.GetBytes(block));

    private static string Decoded(string block) => Encoding.ASCII.GetString(Convert.FromBase64String(block));

    private static Task<T> WriteAsync<T>(string job, Func<Task<T>> write, CancellationToken cancellationToken) =>
        BlobFailures.GuardAsync(
            async () =>
            {
                try
                {
                    return await write();
                }
                catch (RequestFailedException e) when (IsMissing(e))
                {
                    throw new NotFoundException($"The job {job} has no files: they were deleted, or it never had any.");
                }
            },
            cancellationToken);

    // The file, or the container; that may also be on its way out.
    private static bool IsMissing(RequestFailedException e) => e.Status == 404 || e.ErrorCode == BlobErrorCode.ContainerBeingDeleted;

    private static string Unquoted(ETag etag) => etag.ToString().Trim('"');

    private BlobClient Blob(string job, string path) => Container(job).GetBlobClient(JobFilePath.Validated(path));

    private BlobContainerClient Container(string job) => JobId.IsValid(job)
        ? account.GetBlobContainerClient(Prefix + job)
        : throw new ArgumentException($"{Quoted.Text(job)} is not a job's id.", nameof(job));
}
