using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace Larder.Registry;

/// <summary>The containers into which people and programs put data sets (<c>uploads</c>, <c>scoring</c>): read from, and results written beside.</summary>
/// <remarks>All methods throw <see cref="StorageUnavailableException"/> during an outage, and <see cref="InvalidRequestException"/> for what is no path.</remarks>
/// <param name="account">The storage account.</param>
public sealed class DropFiles(BlobServiceClient account)
{
    /// <summary>Where data sets of requests may be.</summary>
    public const string Uploads = "uploads";

    /// <summary>Where a data set is scored as soon as it is there.</summary>
    public const string Scoring = "scoring";

    /// <summary>Size and ETag of a file; null when there is none.</summary>
    public Task<DropFile?> FindAsync(string container, string path, CancellationToken cancellation = default) =>
        BlobFailures.GuardAsync(
            async () =>
            {
                try
                {
                    BlobProperties found = await Blob(container, path).GetPropertiesAsync(cancellationToken: cancellation);
                    return new DropFile(container, path, found.ContentLength, found.ETag.ToString().Trim('"'));
                }
                catch (RequestFailedException e) when (e.Status == 404)
                {
                    return null;
                }
            },
            cancellation);

    /// <summary>Opens a file.</summary>
    /// <param name="container">Where.</param>
    /// <param name="path">Which.</param>
    /// <param name="ifMatch">The ETag that it must have; null for any.</param>
    /// <param name="cancellation">Stops the opening.</param>
    /// <returns>A stream to read once and dispose of; null when there is no such file, or it is another by now.</returns>
    public Task<Stream?> OpenReadAsync(string container, string path, string? ifMatch, CancellationToken cancellation = default) =>
        OpenReadAsync(container, path, ifMatch, default, cancellation);

    /// <summary>Opens a part of a file.</summary>
    /// <inheritdoc cref="OpenReadAsync(string, string, string?, CancellationToken)"/>
    /// <param name="container">Where.</param>
    /// <param name="path">Which.</param>
    /// <param name="ifMatch">The ETag that it must have; null for any.</param>
    /// <param name="offset">First byte; less than the size.</param>
    /// <param name="length">How many bytes.</param>
    /// <param name="cancellation">Stops the opening.</param>
    public Task<Stream?> OpenReadAsync(string container, string path, string? ifMatch, long offset, long length, CancellationToken cancellation = default) =>
        OpenReadAsync(container, path, ifMatch, new HttpRange(offset, length), cancellation);

    /// <summary>Writes a small file whole, in the place of what is there.</summary>
    public Task WriteAsync(string container, string path, BinaryData content, CancellationToken cancellation = default) =>
        BlobFailures.GuardAsync(() => Blob(container, path).UploadAsync(content, overwrite: true, cancellation), cancellation);

    /// <summary>Copies a file of the same account, in the service where that can.</summary>
    /// <param name="from">A URL that can be read.</param>
    /// <param name="container">Where to.</param>
    /// <param name="path">Its name there.</param>
    /// <param name="cancellation">Stops the waiting.</param>
    public Task CopyAsync(Uri from, string container, string path, CancellationToken cancellation = default) =>
        BlobFailures.GuardAsync(
            async () =>
            {
                var copy = await Blob(container, path).StartCopyFromUriAsync(from, cancellationToken: cancellation);
                return await copy.WaitForCompletionAsync(cancellation);
            },
            cancellation);

    private Task<Stream?> OpenReadAsync(string container, string path, string? ifMatch, HttpRange range, CancellationToken cancellation) =>
        BlobFailures.GuardAsync(
            async () =>
            {
                try
                {
                    var options = new BlobDownloadOptions
                    {
                        Range = range,
                        Conditions = ifMatch is null ? null : new BlobRequestConditions { IfMatch = new ETag($"\"{ifMatch}\"") },
                    };
                    BlobDownloadStreamingResult read = await Blob(container, path).DownloadStreamingAsync(options, cancellation);
                    return (Stream?)read.Content;
                }
                catch (RequestFailedException e) when (e.Status is 404 or 412)
                {
                    return null;
                }
            },
            cancellation);

    private BlobClient Blob(string container, string path) => JobFilePath.IsValid(path)
        ? account.GetBlobContainerClient(container).GetBlobClient(path)
        : throw new InvalidRequestException($"{ModelName.Shown(path)} is not a path.");
}
