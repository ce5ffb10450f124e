using System.Text;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Larder.Registry.Errors;
using Larder.Registry.Storage.Blobs;

namespace Larder.Registry.Ingestion;

/// <summary>
/// What others drop into the container <c>uploads</c>, and what becomes of it: a result beside each drop, and refused ones in the container <c>rejected</c>.
/// </summary>
/// <remarks>All methods throw <see cref="StorageUnavailableException"/> during an outage.</remarks>
/// <param name="account">The storage account.</param>
public sealed class IngestionContainer(BlobServiceClient account)
{
    /// <summary>The container of drops.</summary>
    public const string Container = "uploads";

    /// <summary>The container of refused drops, under the names that they had.</summary>
    public const string Rejected = "rejected";

    private const string ReasonKey = "reason";
    private const string JobKey = "job";
    private const string ETagKey = "etag";

    private readonly BlobContainerClient _drops = account.GetBlobContainerClient(Container);
    private readonly BlobContainerClient _rejected = account.GetBlobContainerClient(Rejected);

    /// <summary>A drop; null when there is none.</summary>
    public Task<IngestedBlob?> FindAsync(string path, CancellationToken cancellationToken = default) => BlobFailures.GuardAsync(
        async () =>
        {
            try
            {
                BlobProperties found = await _drops.GetBlobClient(path).GetPropertiesAsync(cancellationToken: cancellationToken);
                return new IngestedBlob(
                    path,
                    found.ETag.ToString().Trim('"'),
                    found.ContentLength,
                    found.LastModified,
                    found.BlobCopyStatus == CopyStatus.Pending,
                    found.BlobType != BlobType.Block || found.LeaseState == LeaseState.Leased || found.ContentLength == 0);
            }
            catch (RequestFailedException e) when (e.Status == 404)
            {
                return (IngestedBlob?)null;
            }
        },
        cancellationToken);

    /// <summary>
    /// The models that were dropped before a time and have no result since: their event was lost, or the host that received it could not start the job.
    /// </summary>
    /// <returns>Their paths. It reads the list of all drops, and keeps in memory those that have no result.</returns>
    public async Task<IReadOnlyCollection<string>> ListWithoutResultAsync(DateTimeOffset before, CancellationToken cancellationToken = default)
    {
        var unanswered = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        await using var blobs = _drops.GetBlobsAsync(cancellationToken: cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await BlobFailures.GuardAsync(NextAsync, cancellationToken))
        {
            // By name: a drop comes before its result.
            var (name, modified) = (blobs.Current.Name, blobs.Current.Properties.LastModified.GetValueOrDefault());
            if (IngestedBlob.IsModel(name) && modified < before)
                unanswered[name] = modified;
            else if (name.EndsWith(IngestedBlob.ResultSuffix, StringComparison.Ordinal)
                && name[..^IngestedBlob.ResultSuffix.Length] is var dropped && unanswered.TryGetValue(dropped, out var at) && at <= modified)
                unanswered.Remove(dropped);
        }

        return unanswered.Keys;

        async Task<bool> NextAsync()
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
    }

    /// <summary>Opens a drop.</summary>
    /// <returns>A stream to read once and dispose of; null when the drop is gone, or another one by now.</returns>
    public Task<Stream?> OpenReadAsync(string path, string etag, CancellationToken cancellationToken = default)
    {
        var options = new BlobDownloadOptions { Conditions = Unchanged(etag) };
        return BlobFailures.GuardAsync(
            async () =>
            {
                try
                {
                    BlobDownloadStreamingResult read = await _drops.GetBlobClient(path).DownloadStreamingAsync(options, cancellationToken);
                    return (Stream?)read.Content;
                }
                catch (RequestFailedException e) when (e.Status is 404 or 412)
                {
                    return null;
                }
            },
            cancellationToken);
    }

    /// <summary>Writes what became of a drop beside it, in the place of what became of an earlier one of the same name.</summary>
    public Task WriteResultAsync(string path, BinaryData result, CancellationToken cancellationToken = default)
    {
        var options = new BlobUploadOptions { HttpHeaders = new BlobHttpHeaders { ContentType = "application/json" } };
        return BlobFailures.GuardAsync(
            async () =>
            {
                try
                {
                    await _drops.GetBlobClient(path + IngestedBlob.ResultSuffix).UploadAsync(result, options, cancellationToken);
                    return true;
                }
                catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.ContainerNotFound || e.ErrorCode == BlobErrorCode.ContainerBeingDeleted)
                {
                    // A user has removed the whole container, so the result is not needed.
                    return false;
                }
            },
            cancellationToken);
    }

    /// <summary>
    /// Moves a drop to <see cref="Rejected"/>, in the place of an earlier one of the same name; the metadata <c>reason</c>, <c>job</c> and <c>etag</c> say
    /// why, and which it was. Doing it again changes nothing.
    /// </summary>
    /// <param name="path">The drop.</param>
    /// <param name="etag">As it was when it was refused.</param>
    /// <param name="reason">Why, in a sentence.</param>
    /// <param name="job">The job that refused it.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>False when it was gone, or another one by now, and stays where it is.</returns>
    public Task<bool> RejectAsync(string path, string etag, string reason, string job, CancellationToken cancellationToken = default)
    {
        var metadata = new Dictionary<string, string> { [ReasonKey] = MetadataText.Escape(reason), [JobKey] = job, [ETagKey] = MetadataText.Escape(etag) };
        return BlobFailures.GuardAsync(() => RejectAsync(path, etag, metadata, cancellationToken), cancellationToken);
    }

    private async Task<bool> RejectAsync(string path, string etag, Dictionary<string, string> metadata, CancellationToken cancellationToken)
    {
        var (source, target) = (_drops.GetBlobClient(path), _rejected.GetBlobClient(path));
        try
        {
            await CopyAsync(source, target, etag, metadata, cancellationToken);
            await source.DeleteAsync(conditions: Unchanged(etag), cancellationToken: cancellationToken);
            return true;
        }
        catch (RequestFailedException e) when (e.Status is 404 or 412)
        {
            // Gone, by an earlier try perhaps; or written anew, and then what was refused is nowhere any more.
            return await WasMovedAsync(target, metadata, cancellationToken);
        }
    }

    private async Task CopyAsync(BlobClient source, BlobClient target, string etag, Dictionary<string, string> metadata, CancellationToken cancellationToken)
    {
        var options = new BlobCopyFromUriOptions { Metadata = metadata, SourceConditions = Unchanged(etag) };
        try
        {
            await CopyAsync(source, target, options, cancellationToken);
        }
        catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.ContainerNotFound)
        {
            await _rejected.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
            await CopyAsync(source, target, options, cancellationToken);
        }
    }

    private static async Task CopyAsync(BlobClient source, BlobClient target, BlobCopyFromUriOptions options, CancellationToken cancellationToken)
    {
        // Within an account, a client that may write the target and read the source needs no signature on the source.
        var copy = await target.StartCopyFromUriAsync(source.Uri, options, cancellationToken);
        await copy.WaitForCompletionAsync(cancellationToken);
    }

    private static async Task<bool> WasMovedAsync(BlobClient target, Dictionary<string, string> metadata, CancellationToken cancellationToken)
    {
        try
        {
            BlobProperties found = await target.GetPropertiesAsync(cancellationToken: cancellationToken);
            return metadata.All(entry => found.Metadata.TryGetValue(entry.Key, out var value) && value == entry.Value);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return false;
        }
    }

    private static BlobRequestConditions Unchanged(string etag) => new() { IfMatch = new ETag($"\"{etag}\"") };
}

/// <summary>Text in a blob's metadata, which travels as an HTTP header: printable ASCII, all of it together at most 8 KiB.</summary>
internal static class MetadataText
{
    private const int MaxLength = 2048;

    /// <summary>Escapes what is not printable ASCII, and the percent sign, as URLs do; cuts what is too long.</summary>
    public static string Escape(string text)
    {
        var escaped = new StringBuilder();
        foreach (var rune in text.Trim().EnumerateRunes())
        {
            var part = rune is { IsAscii: true, Value: >= ' ' and < 127 and not '%' } ? rune.ToString() : Uri.EscapeDataString(rune.ToString());
            if (escaped.Length + part.Length > MaxLength - 4)
                return escaped.Append(" ...").ToString();
            escaped.Append(part);
        }

        return escaped.ToString();
    }
}
