using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Sas;

namespace Larder.Registry.Storage.Blobs;

/// <summary>Artifacts as blobs <c>sha256/{first two digits}/{hash}</c> of the container <c>artifacts</c>.</summary>
/// <param name="account">The storage account.</param>
/// <param name="time">For the URLs that it signs.</param>
public sealed class BlobArtifactStore(BlobServiceClient account, TimeProvider time) : IArtifactStore
{
    private const string Folder = "sha256/";
    private const int Tries = 5;

    private readonly BlobContainerClient _container = account.GetBlobContainerClient("artifacts");
    private readonly UrlSigner _signer = new(account, time);

    /// <inheritdoc/>
    public Task<bool> PutAsync(string path, string sha256, CancellationToken cancellationToken = default) =>
        PutAsync(() => Task.FromResult<Stream>(File.OpenRead(path)), sha256, cancellationToken);

    /// <inheritdoc/>
    public Task<bool> PutAsync(Func<Task<Stream>> open, string sha256, CancellationToken cancellationToken = default)
    {
        var blob = Blob(sha256);
        return BlobFailures.GuardAsync(
            async () =>
            {
                for (var tries = 1; ; tries++)
                {
                    if (await TouchAsync(blob, cancellationToken))
                        return false;
                    try
                    {
                        await UploadAsync(blob, open, sha256, cancellationToken);
                        return true;
                    }
                    catch (RequestFailedException e) when (tries < Tries && IsLostRace(e))
                    {
                        // The same bytes arrived from elsewhere meanwhile: touch those.
                    }
                }
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<Stream?> OpenReadAsync(string sha256, long offset = 0, long? length = null, CancellationToken cancellationToken = default)
    {
        var blob = Blob(sha256);
        return BlobFailures.GuardAsync(
            async () =>
            {
                try
                {
                    var options = new BlobDownloadOptions { Range = offset == 0 && length is null ? default : new HttpRange(offset, length) };
                    BlobDownloadStreamingResult read = await blob.DownloadStreamingAsync(options, cancellationToken);
                    return read.Content;
                }
                catch (RequestFailedException e) when (e.Status == 404)
                {
                    return (Stream?)null;
                }
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<ArtifactProperties?> GetPropertiesAsync(string sha256, CancellationToken cancellationToken = default)
    {
        var blob = Blob(sha256);
        return BlobFailures.GuardAsync(
            async () =>
            {
                try
                {
                    BlobProperties found = await blob.GetPropertiesAsync(cancellationToken: cancellationToken);
                    return new ArtifactProperties(sha256, found.ContentLength, found.LastModified, found.ETag.ToString());
                }
                catch (RequestFailedException e) when (e.Status == 404)
                {
                    return null;
                }
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ArtifactProperties> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await using var blobs = _container.GetBlobsAsync(new GetBlobsOptions { Prefix = Folder }, cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await BlobFailures.GuardAsync(() => MoveNextAsync(blobs), cancellationToken))
        {
            var blob = blobs.Current;
            yield return new ArtifactProperties(
                blob.Name[(blob.Name.LastIndexOf('/') + 1)..],
                blob.Properties.ContentLength.GetValueOrDefault(),
                blob.Properties.LastModified.GetValueOrDefault(),
                blob.Properties.ETag.GetValueOrDefault().ToString());
        }
    }

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(ArtifactProperties seen, CancellationToken cancellationToken = default)
    {
        var unchanged = new BlobRequestConditions { IfMatch = new ETag($"\"{seen.ETag.Trim('"')}\"") };
        return BlobFailures.GuardAsync(
            async () =>
            {
                try
                {
                    await Blob(seen.Sha256).DeleteAsync(conditions: unchanged, cancellationToken: cancellationToken);
                    return true;
                }
                catch (RequestFailedException e) when (e.Status is 404 or 412)
                {
                    return false;
                }
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<bool> TouchAsync(string sha256, CancellationToken cancellationToken = default)
    {
        var blob = Blob(sha256);
        return BlobFailures.GuardAsync(() => TouchAsync(blob, cancellationToken), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<Uri> GetReadUrlAsync(string sha256, TimeSpan life, CancellationToken cancellationToken = default) =>
        _signer.BlobAsync(Blob(sha256), BlobSasPermissions.Read, life, cancellationToken);

    /// <summary>Changes the time and ETag of a blob that is there; the metadata only has to differ.</summary>
    private static async Task<bool> TouchAsync(BlobClient blob, CancellationToken cancellationToken)
    {
        try
        {
            var touched = new Dictionary<string, string> { ["touched"] = Guid.NewGuid().ToString("N") };
            await blob.SetMetadataAsync(touched, cancellationToken: cancellationToken);
            return true;
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return false;
        }
    }

    private async Task UploadAsync(BlobClient blob, Func<Task<Stream>> open, string sha256, CancellationToken cancellationToken)
    {
        try
        {
            await SendAsync(blob, open, sha256, cancellationToken);
        }
        catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.ContainerNotFound)
        {
            await _container.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
            await SendAsync(blob, open, sha256, cancellationToken);
        }
    }

    private static async Task SendAsync(BlobClient blob, Func<Task<Stream>> open, string sha256, CancellationToken cancellationToken)
    {
        await using var file = new VerifyingStream(await open(), sha256);
        var options = new BlobUploadOptions
        {
            Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All },
            HttpHeaders = new BlobHttpHeaders { ContentType = "application/octet-stream" },
            TransferOptions = new StorageTransferOptions
            {
                InitialTransferSize = 8 * 1024 * 1024,
                MaximumTransferSize = 8 * 1024 * 1024,
                MaximumConcurrency = 4,
            },
        };
        await blob.UploadAsync(file, options, cancellationToken);
    }

    /// <summary>Another upload of the same bytes was committed first; that also drops the blocks that this one had sent.</summary>
    private static bool IsLostRace(RequestFailedException e) => e.Status is 409 or 412 || e.ErrorCode == BlobErrorCode.InvalidBlockList;

    private static async Task<bool> MoveNextAsync(IAsyncEnumerator<BlobItem> blobs)
    {
        try
        {
            return await blobs.MoveNextAsync();
        }
        catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.ContainerNotFound)
        {
            return false;
        }
    }

    private BlobClient Blob(string sha256) => sha256.Length == 64 && sha256.All(char.IsAsciiHexDigitLower)
        ? _container.GetBlobClient($"{Folder}{sha256[..2]}/{sha256}")
        : throw new ArgumentException("A SHA-256 is 64 lower-case hexadecimal digits.", nameof(sha256));
}
