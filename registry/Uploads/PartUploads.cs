using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Azure.Storage.Sas;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Storage;
using Larder.Registry.Storage.Blobs;
using Larder.Registry.Text;

namespace Larder.Registry.Uploads;

/// <summary>
/// Uploads in numbered parts, each through a signed URL straight to storage; what came becomes an artifact. An upload is a blob of the container of <see cref="UploadSessions"/>, whose
/// metadata say what it is for. It has no document, so that collection takes it with whatever was sent, when it is older than a session lives.
/// </summary>
/// <param name="account">Where the bytes go.</param>
/// <param name="artifacts">Where they are kept.</param>
/// <param name="options">How long URLs work.</param>
/// <param name="time">The clock.</param>
public sealed class PartUploads(BlobServiceClient account, IArtifactStore artifacts, UploadSessionOptions options, TimeProvider time)
{
    /// <summary>The most parts of an upload.</summary>
    public const int MaxParts = 10_000;

    private const int MostTries = 5;

    private const string Purpose = "purpose";
    private const string Committed = "committed";
    private const string Sha256 = "sha256";
    private const string Size = "size";

    private readonly BlobContainerClient _container = account.GetBlobContainerClient(UploadSessions.Container);
    private readonly UrlSigner _signer = new(account, time);

    /// <summary>Begins an upload.</summary>
    /// <param name="purpose">What it is for; it can be completed for nothing else.</param>
    /// <param name="parts">How many parts it has, 1 to <see cref="MaxParts"/>.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>Its id, and for each part the URL that it is put to; null when the storage account lets this server sign no URLs.</returns>
    public async Task<(string Id, IReadOnlyList<Uri> Parts)?> CreateAsync(string purpose, int parts, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(parts, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(parts, MaxParts);
        var id = JobId.Create(time.GetUtcNow());
        Uri url;
        try
        {
            url = await _signer.BlobAsync(_container.GetBlobClient(id), BlobSasPermissions.Create | BlobSasPermissions.Write, options.Ttl, cancellationToken);
        }
        catch (StorageUnavailableException e) when (e.InnerException is RequestFailedException { Status: 401 or 403 })
        {
            // It has no key of the account, and may not ask for one.
            return null;
        }

        // An empty blob: what is uncommitted can only be deleted with a blob that is there.
        await BlobFailures.GuardAsync(() => WriteAsync(id, new Dictionary<string, string> { [Purpose] = TextHash.Of(purpose) }, null, cancellationToken), cancellationToken);
        return (id, [.. Enumerable.Range(1, parts).Select(number => new UriBuilder(url) { Query = $"{url.Query.TrimStart('?')}&comp=block&blockid={Uri.EscapeDataString(BlockId(number))}" }.Uri)]);
    }

    /// <summary>Makes the parts of an upload one artifact. It may be completed again, at the same time or after an answer that was lost.</summary>
    /// <param name="id">The upload.</param>
    /// <param name="purpose">As it was created with.</param>
    /// <param name="parts">How many parts there are.</param>
    /// <param name="limit">The most bytes that they may have together.</param>
    /// <param name="take">Names the stored artifact in a document, given its SHA-256 and size. It is not called when the upload was completed before.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="NotFoundException">There is no such upload for this.</exception>
    /// <exception cref="InvalidRequestException">A part is missing.</exception>
    /// <exception cref="TooLargeException">They have more bytes than they may have.</exception>
    public async Task CompleteAsync(string id, string purpose, int parts, long limit, Func<string, long, Task> take, CancellationToken cancellationToken = default)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await CompleteOnceAsync(id, purpose, parts, limit, take, cancellationToken);
                return;
            }
            catch (ConflictException) when (attempt < MostTries)
            {
                // The same call at the same time was faster, and has committed the parts, or completed the upload. Both are found the next time.
            }
        }
    }

    /// <summary>Ends an upload, with what was sent.</summary>
    /// <exception cref="NotFoundException">There is no such upload for this.</exception>
    public async Task AbortAsync(string id, string purpose, CancellationToken cancellationToken = default)
    {
        await RequireAsync(id, purpose, cancellationToken);
        await DeleteAsync(id, cancellationToken);
    }

    private async Task CompleteOnceAsync(string id, string purpose, int parts, long limit, Func<string, long, Task> take, CancellationToken cancellationToken)
    {
        var found = await RequireAsync(id, purpose, cancellationToken);
        if (IsDone(found))
            return;
        // Not again what another call has committed and is reading.
        var count = parts.ToString(CultureInfo.InvariantCulture);
        if (!found.Metadata.TryGetValue(Committed, out var committed) || committed != count)
        {
            await BlobFailures.GuardAsync(() => CommitAsync(id, parts, count, found, cancellationToken), cancellationToken);
            found = await RequireAsync(id, purpose, cancellationToken);
        }
        var (etag, size) = (found.ETag, found.ContentLength);
        if (size > limit)
        {
            await DeleteAsync(id, cancellationToken);
            throw new TooLargeException($"The parts have {size} bytes together; at most {limit} are taken.");
        }

        string sha256;
        await using (var content = await OpenAsync())
            sha256 = Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancellationToken));
        try
        {
            await artifacts.PutAsync(OpenAsync, sha256, cancellationToken);
        }
        catch (InvalidDataException)
        {
            throw Changed(id);
        }

        await take(sha256, size);
        var done = new Dictionary<string, string> { [Purpose] = TextHash.Of(purpose), [Sha256] = sha256, [Size] = size.ToString(CultureInfo.InvariantCulture) };
        await BlobFailures.GuardAsync(() => WriteAsync(id, done, etag, cancellationToken), cancellationToken);

        Task<Stream> OpenAsync() => BlobFailures.GuardAsync(
            async () =>
            {
                try
                {
                    var unchanged = new BlobDownloadOptions { Conditions = new BlobRequestConditions { IfMatch = etag } };
                    BlobDownloadStreamingResult read = await _container.GetBlobClient(id).DownloadStreamingAsync(unchanged, cancellationToken);
                    return read.Content;
                }
                catch (RequestFailedException e) when (e.Status is 404 or 412)
                {
                    throw Changed(id);
                }
            },
            cancellationToken);
    }

    private static bool IsDone(BlobProperties found) => found.Metadata.ContainsKey(Sha256);

    // All ids of a blob's blocks must have the same length.
    private static string BlockId(int number) => Convert.ToBase64String(Encoding.ASCII.GetBytes(number.ToString("D6", CultureInfo.InvariantCulture)));

    private static ConflictException Changed(string id) => new($"The upload {id} was changed or completed meanwhile; complete it again.");

    private async Task<BlobProperties> RequireAsync(string id, string purpose, CancellationToken cancellationToken)
    {
        var found = JobId.IsValid(id)
            ? await BlobFailures.GuardAsync(
                async () =>
                {
                    try
                    {
                        return (BlobProperties?)await _container.GetBlobClient(id).GetPropertiesAsync(cancellationToken: cancellationToken);
                    }
                    catch (RequestFailedException e) when (e.Status == 404)
                    {
                        return null;
                    }
                },
                cancellationToken)
            : null;
        return found is not null && found.Metadata.TryGetValue(Purpose, out var own) && own == TextHash.Of(purpose)
            ? found
            : throw new NotFoundException($"There is no upload {Quoted.Text(id)} for this path: it was aborted, has expired, or never began.");
    }

    private async Task<bool> CommitAsync(string id, int parts, string count, BlobProperties found, CancellationToken cancellationToken)
    {
        var metadata = new Dictionary<string, string> { [Purpose] = found.Metadata[Purpose], [Committed] = count };
        var commit = new CommitBlockListOptions { Metadata = metadata, Conditions = new BlobRequestConditions { IfMatch = found.ETag } };
        try
        {
            await _container.GetBlockBlobClient(id).CommitBlockListAsync(Enumerable.Range(1, parts).Select(BlockId), commit, cancellationToken);
            return true;
        }
        catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.InvalidBlockList)
        {
            throw new InvalidRequestException($"A part of the upload {id} is missing: put all {parts} parts to their URLs, then complete it.");
        }
        catch (RequestFailedException e) when (e.Status == 412)
        {
            throw Changed(id);
        }
    }

    private async Task<bool> WriteAsync(string id, Dictionary<string, string> metadata, ETag? match, CancellationToken cancellationToken)
    {
        var upload = new BlobUploadOptions { Metadata = metadata, Conditions = match is { } etag ? new BlobRequestConditions { IfMatch = etag } : null };
        try
        {
            await _container.GetBlobClient(id).UploadAsync(BinaryData.FromBytes(Array.Empty<byte>()), upload, cancellationToken);
        }
        catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.ContainerNotFound && match is null)
        {
            await _container.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
            await _container.GetBlobClient(id).UploadAsync(BinaryData.FromBytes(Array.Empty<byte>()), upload, cancellationToken);
        }
        catch (RequestFailedException e) when (e.Status is 404 or 412 && match is not null)
        {
            // The artifact is stored and named: another call that completes the same upload has changed the blob, or it was collected.
        }
        return true;
    }

    private Task DeleteAsync(string id, CancellationToken cancellationToken) => BlobFailures.GuardAsync(
        async () => (bool)await _container.GetBlobClient(id).DeleteIfExistsAsync(cancellationToken: cancellationToken), cancellationToken);
}
