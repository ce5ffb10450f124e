using System.Buffers.Text;
using System.Text;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Larder.Inference;
using Larder.Registry.Errors;

namespace Larder.Registry.Storage.Blobs;

/// <summary>
/// Documents as blobs of the container <c>documents</c>, one each. ETags are the blobs' own. Every listing asks the storage account, so several
/// hosts may write; what a listing need not read again, because its ETag is known, comes from memory.
/// </summary>
/// <param name="account">The storage account.</param>
/// <param name="cacheBytes">How many bytes of documents to keep in memory for listings.</param>
public sealed class BlobDocumentStore(BlobServiceClient account, long cacheBytes = 256 << 20) : IDocumentStore
{
    private const int MaxPage = 5000;
    private const int ParallelReads = 16;
    private const int ReadsForMetadata = 32;

    // What a continuation of this store begins with, below its encoding.
    private const string MarkerKind = "blob:";

    // The same, where this process had not read the page before.
    private const string UnreadKind = "unread-blob:";

    // Set on every write to something new: see Ours.
    private const string WriteId = "write";

    private const string ListedMark = "listed";

    private readonly BlobContainerClient _container = account.GetBlobContainerClient("documents");
    private readonly DocumentCache _cache = new(cacheBytes);

    /// <inheritdoc/>
    public Task<Document<T>?> GetAsync<T>(DocumentCollection<T> collection, string partition, string id, CancellationToken cancellationToken = default)
    {
        var name = BlobNames.Document(collection.Name, partition, id);
        return BlobFailures.GuardAsync(
            async () => await DownloadAsync(name, cancellationToken) is var (content, etag)
                ? new Document<T>(partition, id, etag, DocumentJson.Deserialize(collection, content.ToMemory().Span))
                : null,
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<string> CreateAsync<T>(
        DocumentCollection<T> collection, string partition, string id, T value, CancellationToken cancellationToken = default)
    {
        var condition = new BlobRequestConditions { IfNoneMatch = ETag.All };
        return WriteAsync(collection, partition, id, value, condition, () => new DocumentExistsException(collection.Name, partition, id), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<string> ReplaceAsync<T>(
        DocumentCollection<T> collection, string partition, string id, T value, string etag, CancellationToken cancellationToken = default)
    {
        var condition = new BlobRequestConditions { IfMatch = Quoted(etag) };
        return WriteAsync(collection, partition, id, value, condition, () => new ETagMismatchException(collection.Name, partition, id), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<bool> DeleteAsync<T>(
        DocumentCollection<T> collection, string partition, string id, string etag, CancellationToken cancellationToken = default)
    {
        var name = BlobNames.Document(collection.Name, partition, id);
        var blob = _container.GetBlobClient(name);
        return BlobFailures.GuardAsync(
            async () =>
            {
                try
                {
                    await blob.DeleteAsync(conditions: new BlobRequestConditions { IfMatch = Quoted(etag) }, cancellationToken: cancellationToken);
                    // Its name may never be asked for again.
                    _cache.Remove(name);
                    return true;
                }
                catch (RequestFailedException e) when (e.Status == 404)
                {
                    return false;
                }
                catch (RequestFailedException e) when (e.Status == 412)
                {
                    return await blob.ExistsAsync(cancellationToken) ? throw new ETagMismatchException(collection.Name, partition, id) : false;
                }
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<DocumentPage<T>> ListAsync<T>(
        DocumentCollection<T> collection, string partition, int limit, string? continuation = null, CancellationToken cancellationToken = default) =>
        PageAsync(collection, BlobNames.Partition(collection.Name, partition), limit, continuation, cancellationToken);

    /// <inheritdoc/>
    public Task<DocumentPage<T>> ScanAsync<T>(
        DocumentCollection<T> collection, int limit, string? continuation = null, CancellationToken cancellationToken = default) =>
        PageAsync(collection, BlobNames.Collection(collection.Name), limit, continuation, cancellationToken);

    private Task<string> WriteAsync<T>(
        DocumentCollection<T> collection,
        string partition,
        string id,
        T value,
        BlobRequestConditions condition,
        Func<LarderException> refused,
        CancellationToken cancellationToken)
    {
        var blob = _container.GetBlobClient(BlobNames.Document(collection.Name, partition, id));
        var content = BinaryData.FromBytes(DocumentJson.Serialize(collection, value));
        var writeId = Guid.NewGuid().ToString("N");
        var metadata = new Dictionary<string, string> { [WriteId] = writeId };
        if (collection.IsListedWhole && ListedContent.Of(content.ToMemory().Span) is { } listed)
            metadata[ListedContent.Key] = listed;
        var options = new BlobUploadOptions
        {
            Conditions = condition,
            HttpHeaders = new BlobHttpHeaders { ContentType = "application/json" },
            Metadata = metadata,
        };
        return BlobFailures.GuardAsync(
            async () =>
            {
                try
                {
                    var written = await UploadAsync(blob, content, options, cancellationToken);
                    return Unquoted(written.ETag);
                }
                catch (RequestFailedException e) when (e.Status is 409 or 412)
                {
                    return await OursAsync(blob, writeId, cancellationToken) ?? throw refused();
                }
            },
            cancellationToken);
    }

    private async Task<BlobContentInfo> UploadAsync(BlobClient blob, BinaryData content, BlobUploadOptions options, CancellationToken cancellationToken)
    {
        try
        {
            return await blob.UploadAsync(content, options, cancellationToken);
        }
        catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.ContainerNotFound)
        {
            await _container.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
            return await blob.UploadAsync(content, options, cancellationToken);
        }
    }

    /// <summary>
    /// The ETag of the blob if this very write put it there. It may have: when the answer to a write is lost, the client sends it again, and
    /// the second finds the first one's result.
    /// </summary>
    private static async Task<string?> OursAsync(BlobClient blob, string writeId, CancellationToken cancellationToken)
    {
        try
        {
            BlobProperties found = await blob.GetPropertiesAsync(cancellationToken: cancellationToken);
            return found.Metadata.TryGetValue(WriteId, out var id) && id == writeId ? Unquoted(found.ETag) : null;
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null;
        }
    }

    private async Task<DocumentPage<T>> PageAsync<T>(
        DocumentCollection<T> collection, string prefix, int limit, string? continuation, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, MaxPage);
        var (marker, isRead) = continuation is null ? (null, !collection.IsListedWhole || WasListed(prefix)) : Marker(continuation);
        return await BlobFailures.GuardAsync(
            async () =>
            {
                // With metadata an answer is several times as long, so it is only asked for where that saves many reads: at first, and when many documents have changed.
                var (blobs, next) = await BlobsAsync(prefix, limit, marker, isRead ? BlobTraits.None : BlobTraits.Metadata, cancellationToken);
                if (isRead && collection.IsListedWhole && blobs.Count(blob => !IsKnown(blob)) >= ReadsForMetadata)
                {
                    isRead = false;
                    (blobs, next) = await BlobsAsync(prefix, limit, marker, BlobTraits.Metadata, cancellationToken);
                }
                var documents = new Document<T>?[blobs.Count];
                var parallel = new ParallelOptions { MaxDegreeOfParallelism = ParallelReads, CancellationToken = cancellationToken };
                await Parallel.ForAsync(0, blobs.Count, parallel, async (i, stop) => documents[i] = await ReadAsync(collection, blobs[i], stop));
                return new DocumentPage<T>([.. documents.OfType<Document<T>>()], next is null ? null : Continuation(next, isRead));
            },
            cancellationToken);
    }

    private async Task<(IReadOnlyList<BlobItem> Blobs, string? Marker)> BlobsAsync(
        string prefix, int limit, string? marker, BlobTraits traits, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var page in _container.GetBlobsAsync(new GetBlobsOptions { Prefix = prefix, Traits = traits }, cancellationToken).AsPages(marker, limit))
                return (page.Values, string.IsNullOrEmpty(page.ContinuationToken) ? null : page.ContinuationToken);
        }
        catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.ContainerNotFound)
        {
            // Nothing was ever written.
        }
        catch (RequestFailedException e) when (e.Status == 400 && marker is not null)
        {
            throw ForeignContinuation();
        }

        return ([], null);
    }

    // Remembered with the documents, so that it is forgotten with them.
    private bool WasListed(string prefix)
    {
        if (_cache.TryGet(prefix, ListedMark, out _))
            return true;
        _cache.Set(prefix, ListedMark, BinaryData.Empty);
        return false;
    }

    private bool IsKnown(BlobItem blob) => blob.Properties.ETag is { } listed && _cache.Has(blob.Name, Unquoted(listed));

    private async Task<Document<T>?> ReadAsync<T>(DocumentCollection<T> collection, BlobItem blob, CancellationToken cancellationToken)
    {
        if (!BlobNames.TryParse(blob.Name, out var partition, out var id))
            return null;
        if (blob.Properties.ETag is { } listed && _cache.TryGet(blob.Name, Unquoted(listed), out var known))
            return new Document<T>(partition, id, Unquoted(listed), DocumentJson.Deserialize(collection, known.ToMemory().Span));
        if ((Listed(blob) ?? await DownloadAsync(blob.Name, cancellationToken)) is not var (content, etag))
            return null;
        _cache.Set(blob.Name, etag, content);
        return new Document<T>(partition, id, etag, DocumentJson.Deserialize(collection, content.ToMemory().Span));
    }

    private static (BinaryData Content, string ETag)? Listed(BlobItem blob) =>
        blob.Properties.ETag is { } etag && ListedContent.Of(blob) is { } content ? (content, Unquoted(etag)) : null;

    private async Task<(BinaryData Content, string ETag)?> DownloadAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            BlobDownloadResult read = await _container.GetBlobClient(name).DownloadContentAsync(cancellationToken);
            return (read.Content, Unquoted(read.Details.ETag));
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null;
        }
    }

    // Headers carry ETags in quotes, listings do not.
    private static string Unquoted(ETag etag) => etag.ToString().Trim('"');

    private static ETag Quoted(string etag) => new($"\"{etag}\"");

    private static string Continuation(string marker, bool isRead) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes((isRead ? MarkerKind : UnreadKind) + marker));

    private static (string Marker, bool IsRead) Marker(string continuation)
    {
        var decoded = Base64Url.IsValid(continuation) ? Encoding.UTF8.GetString(Base64Url.DecodeFromChars(continuation)) : "";
        return decoded.StartsWith(MarkerKind, StringComparison.Ordinal) ? (decoded[MarkerKind.Length..], true)
            : decoded.StartsWith(UnreadKind, StringComparison.Ordinal) ? (decoded[UnreadKind.Length..], false)
            : throw ForeignContinuation();
    }

    private static InvalidRequestException ForeignContinuation() =>
        new("The cursor is none that an earlier page of this list gave.");
}
