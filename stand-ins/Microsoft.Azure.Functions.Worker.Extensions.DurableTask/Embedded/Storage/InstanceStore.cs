using System.Runtime.CompilerServices;
using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace Microsoft.DurableTask.Embedded;

/// <summary>The documents of a task hub's instances.</summary>
internal sealed class InstanceStore(BlobContainerClient container)
{
    private const string OwnerKey = "owner";

    private static readonly BlobHttpHeaders json = new() { ContentType = "application/json" };

    /// <summary>An instance; null when there is none.</summary>
    public async Task<StoredInstance?> ReadAsync(string instance, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await BlobOf(instance).DownloadContentAsync(cancellationToken);
            var document = JsonSerializer.Deserialize(answer.Value.Content, DurableJson.Stored.InstanceDocument)!;
            return new StoredInstance(document, answer.Value.Details.ETag);
        }
        catch (RequestFailedException error) when (error.Status == 404)
        {
            return null;
        }
    }

    /// <summary>Writes an instance's document, if nobody else has since.</summary>
    /// <param name="document">The document.</param>
    /// <param name="previous">What it replaces; null when there must be none.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>Which write it was; null when the document is not as it was.</returns>
    public async Task<ETag?> WriteAsync(InstanceDocument document, ETag? previous, CancellationToken cancellationToken)
    {
        var content = new BinaryData(JsonSerializer.SerializeToUtf8Bytes(document, DurableJson.Stored.InstanceDocument));
        var options = new BlobUploadOptions
        {
            HttpHeaders = json,
            Metadata = ListedInstance.Metadata(document),
            Conditions = previous is { } etag ? new BlobRequestConditions { IfMatch = etag } : new BlobRequestConditions { IfNoneMatch = ETag.All },
        };
        try
        {
            return (await BlobOf(document.Instance).UploadAsync(content.ToStream(), options, cancellationToken)).Value.ETag;
        }
        catch (RequestFailedException error) when (StorageErrors.IsConflict(error))
        {
            // It may be this very write, repeated after its answer was lost.
            var stored = await ReadAsync(document.Instance, cancellationToken);
            return stored?.Document.Commit == document.Commit ? stored.ETag : null;
        }
    }

    /// <summary>
    /// Reads an instance and makes its document this host's: whatever an earlier host still tries to write will find it changed.
    /// </summary>
    /// <param name="instance">Its id.</param>
    /// <param name="owner">This host.</param>
    /// <param name="ensureHeld">Comes back only if this host has the hub: asked after each look, so that what was seen after another host took over is not written.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <returns>Null when there is no such instance, or nothing to do for it.</returns>
    public async Task<StoredInstance?> ClaimAsync(
        string instance, string owner, Func<CancellationToken, ValueTask> ensureHeld, CancellationToken cancellationToken)
    {
        while (await ReadAsync(instance, cancellationToken) is { Document.IsActive: true } stored)
        {
            await ensureHeld(cancellationToken);
            var metadata = ListedInstance.Metadata(stored.Document);
            metadata.Add(OwnerKey, owner);
            try
            {
                var conditions = new BlobRequestConditions { IfMatch = stored.ETag };
                return stored with { ETag = (await BlobOf(instance).SetMetadataAsync(metadata, conditions, cancellationToken)).Value.ETag };
            }
            catch (RequestFailedException error) when (StorageErrors.IsConflict(error) || error.Status == 404)
            {
                // That was the earlier host's last word, or this very request, repeated: look again.
            }
        }

        return null;
    }

    /// <summary>Removes an instance's document, if nobody has written it since.</summary>
    public async Task<bool> DeleteAsync(StoredInstance stored, CancellationToken cancellationToken)
    {
        try
        {
            var conditions = new BlobRequestConditions { IfMatch = stored.ETag };
            await BlobOf(stored.Document.Instance).DeleteIfExistsAsync(conditions: conditions, cancellationToken: cancellationToken);
            return true;
        }
        catch (RequestFailedException error) when (StorageErrors.IsConflict(error))
        {
            return false;
        }
    }

    /// <summary>Lists instances, in the order of their documents' names.</summary>
    /// <param name="prefix">What their ids begin with.</param>
    /// <param name="marker">Where storage said that the next page begins.</param>
    /// <param name="pageSize">How many to list at once.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    public async IAsyncEnumerable<(IReadOnlyList<ListedInstance> Instances, string? Next)> ListAsync(
        string prefix, string? marker, int pageSize, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var pages = container.GetBlobsAsync(BlobTraits.Metadata, prefix: BlobNames.Instance(prefix), cancellationToken: cancellationToken);
        await using var page = pages.AsPages(marker, pageSize).GetAsyncEnumerator(cancellationToken);
        while (true)
        {
            try
            {
                if (!await page.MoveNextAsync())
                    yield break;
            }
            catch (RequestFailedException error) when (error.Status == 404)
            {
                // No container, no instances.
                yield break;
            }

            var next = page.Current.ContinuationToken;
            yield return ([.. page.Current.Values.Select(blob => ListedInstance.Read(blob.Name, blob.Metadata))], string.IsNullOrEmpty(next) ? null : next);
        }
    }

    private BlockBlobClient BlobOf(string instance) => container.GetBlockBlobClient(BlobNames.Instance(instance));
}
