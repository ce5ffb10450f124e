using System.Security.Cryptography;
using System.Text;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace Larder.Host;

/// <summary>
/// One function's receipts: an empty blob for each state of each blob, named as the real host names it (BlobReceiptManager.cs), so
/// that deleting one makes its blob new again. Whoever handles a blob holds a lease on its receipt.
/// </summary>
internal sealed class BlobReceipts(HostStorage storage, HostFunction function, TimeProvider clock)
{
    // Of a blob's name, in the storage service.
    private const int LongestName = 1024;

    private readonly string prefix = $"blobreceipts/{storage.HostId}/{HostStorage.FullName(function)}/";

    /// <summary>The name of a blob's receipt.</summary>
    public string NameOf(FoundBlob blob)
    {
        // The ETag comes first, since the blob's name may contain anything.
        var name = $"{prefix}{blob.QuotedETag}/{blob.Path}";
        return name.Length <= LongestName
            ? name
            : $"{prefix}{blob.QuotedETag}/{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(blob.Path)))}";
    }

    /// <summary>Claims a blob: at most one host has it at a time, and nobody once it was completed.</summary>
    /// <returns>The claim, null when another host has it; or that there is nothing left to do.</returns>
    public async Task<(bool IsCompleted, BlobClaim? Claim)> TryClaimAsync(FoundBlob blob, CancellationToken cancellationToken)
    {
        var receipt = storage.Container.GetBlobClient(NameOf(blob));
        var created = await TryCreateAsync(receipt, cancellationToken);
        if ((created is null ? await TryReadAsync(receipt, cancellationToken) : (created.Value, default)) is not var (etag, state))
            return (false, null);
        if (state.IsCompleted)
            return (true, null);

        // Only as it was just seen: so nobody has completed it in between, and no try goes uncounted.
        return await HeldLease.TryAcquireAsync(receipt, clock, id: null, etag, cancellationToken) is { } lease
            ? (false, new BlobClaim(receipt, lease, state.Tries))
            : (false, null);
    }

    /// <summary>The keys of the blobs that were completed, for <see cref="HandledBlobs"/>.</summary>
    public async Task<HashSet<UInt128>> ListCompletedAsync(CancellationToken cancellationToken)
    {
        var keys = new HashSet<UInt128>();
        try
        {
            await foreach (var receipt in storage.Container.GetBlobsAsync(new GetBlobsOptions { Traits = BlobTraits.Metadata, Prefix = prefix }, cancellationToken))
            {
                if (keys.Count >= HandledBlobs.Capacity)
                    break;
                if (BlobReceipt.FromMetadata(receipt.Metadata).IsCompleted)
                    keys.Add(HandledBlobs.Key(receipt.Name));
            }
        }
        catch (RequestFailedException error) when (error.Status == 404)
        {
            // No host has run on this storage yet.
        }

        return keys;
    }

    // Null when there is one already.
    private async Task<ETag?> TryCreateAsync(BlobClient receipt, CancellationToken cancellationToken)
    {
        var options = new BlobUploadOptions
        {
            Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All },
            Metadata = default(BlobReceipt).ToMetadata(),
        };
        try
        {
            var created = await storage.InContainerAsync(
                () => receipt.UploadAsync(BinaryData.FromBytes(Array.Empty<byte>()), options, cancellationToken), cancellationToken);
            return created.Value.ETag;
        }
        catch (RequestFailedException error) when (error.Status is 409 or 412)
        {
            return null;
        }
    }

    // Null when it was deleted just now: the next poll makes a new one.
    private static async Task<(ETag ETag, BlobReceipt State)?> TryReadAsync(BlobClient receipt, CancellationToken cancellationToken)
    {
        try
        {
            var properties = (await receipt.GetPropertiesAsync(cancellationToken: cancellationToken)).Value;
            return (properties.ETag, BlobReceipt.FromMetadata(properties.Metadata));
        }
        catch (RequestFailedException error) when (error.Status == 404)
        {
            return null;
        }
    }
}
