using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Larder.Registry.Errors;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Storage.Blobs;
using Larder.Registry.Text;

namespace Larder.Registry.Ingestion;

/// <summary>The containers into which people and programs put data sets (<c>uploads</c>, <c>scoring</c>): read from, and results written beside.</summary>
/// <remarks>All methods throw <see cref="StorageUnavailableException"/> during an outage, and <see cref="InvalidRequestException"/> for what is no path.</remarks>
/// <param name="account">The storage account.</param>
public sealed class BlobDatasets(BlobServiceClient account)
{
    /// <summary>Where data sets of requests may be.</summary>
    public const string Uploads = "uploads";

    /// <summary>Where a data set is scored as soon as it is there.</summary>
    public const string Scoring = "scoring";

    /// <summary>Size, ETag and metadata of a file; null when there is none.</summary>
    public Task<BlobDataset?> FindAsync(string container, string path, CancellationToken cancellationToken = default) =>
        BlobFailures.GuardAsync(
            async () =>
            {
                try
                {
                    BlobProperties found = await Blob(container, path).GetPropertiesAsync(cancellationToken: cancellationToken);
                    return new BlobDataset(container, path, found.ContentLength, found.ETag.ToString().Trim('"'), found.Metadata.AsReadOnly());
                }
                catch (RequestFailedException e) when (e.Status == 404)
                {
                    return null;
                }
            },
            cancellationToken);

    /// <summary>Opens a file.</summary>
    /// <param name="container">Where.</param>
    /// <param name="path">Which.</param>
    /// <param name="ifMatch">The ETag that it must have; null for any.</param>
    /// <param name="cancellationToken">Cancels the opening, not the stream.</param>
    /// <returns>A stream to read once and dispose of; null when there is no such file, or it is another by now.</returns>
    public Task<Stream?> OpenReadAsync(string container, string path, string? ifMatch, CancellationToken cancellationToken = default) =>
        OpenReadAsync(container, path, ifMatch, default, cancellationToken);

    /// <summary>Opens a part of a file.</summary>
    /// <inheritdoc cref="OpenReadAsync(string, string, string?, CancellationToken)"/>
    /// <param name="container">Where.</param>
    /// <param name="path">Which.</param>
    /// <param name="ifMatch">The ETag that it must have; null for any.</param>
    /// <param name="offset">First byte; less than the size.</param>
    /// <param name="length">How many bytes.</param>
    /// <param name="cancellationToken">Cancels the opening, not the stream.</param>
    public Task<Stream?> OpenReadAsync(string container, string path, string? ifMatch, long offset, long length, CancellationToken cancellationToken = default) =>
        OpenReadAsync(container, path, ifMatch, new HttpRange(offset, length), cancellationToken);

    /// <summary>Writes a small file whole, in the place of what is there.</summary>
    public Task WriteAsync(string container, string path, BinaryData content, CancellationToken cancellationToken = default) =>
        BlobFailures.GuardAsync(() => Blob(container, path).UploadAsync(content, overwrite: true, cancellationToken), cancellationToken);

    /// <summary>Copies a file of the same account, in the service where that can.</summary>
    /// <param name="from">A URL that can be read.</param>
    /// <param name="container">Where to.</param>
    /// <param name="path">Its name there.</param>
    /// <param name="cancellationToken">Cancels the waiting; the service goes on copying.</param>
    public Task CopyAsync(Uri from, string container, string path, CancellationToken cancellationToken = default) =>
        BlobFailures.GuardAsync(
            async () =>
            {
                var copy = await Blob(container, path).StartCopyFromUriAsync(from, cancellationToken: cancellationToken);
                return await copy.WaitForCompletionAsync(cancellationToken);
            },
            cancellationToken);

    private Task<Stream?> OpenReadAsync(string container, string path, string? ifMatch, HttpRange range, CancellationToken cancellationToken) =>
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
                    BlobDownloadStreamingResult read = await Blob(container, path).DownloadStreamingAsync(options, cancellationToken);
                    return (Stream?)read.Content;
                }
                catch (RequestFailedException e) when (e.Status is 404 or 412)
                {
                    return null;
                }
            },
            cancellationToken);

    private BlobClient Blob(string container, string path) => JobFilePath.IsValid(path)
        ? account.GetBlobContainerClient(container).GetBlobClient(path)
        : throw new InvalidRequestException($"{Quoted.Text(path)} is not a path.");
}

/// <summary>A file that a user put into a container.</summary>
/// <param name="Container">The container.</param>
/// <param name="Path">Its name there.</param>
/// <param name="SizeBytes">Its size in bytes.</param>
/// <param name="ETag">What it is at this moment.</param>
/// <param name="Metadata">What the user says about it.</param>
public sealed record BlobDataset(string Container, string Path, long SizeBytes, string ETag, IReadOnlyDictionary<string, string> Metadata);
