using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Larder.Host.Functions;
using Larder.Host.Storage;

namespace Larder.Host.Blobs;

/// <summary>
/// One function's receipts: an empty blob for each state of each blob, named as the Functions host names it (BlobReceiptManager.cs), so
/// that deleting one makes its blob new again. The host that handles a blob holds a lease on its receipt. Receipts from when the function
/// had another name count: otherwise an upgrade would handle all blobs again.
/// </summary>
internal sealed class BlobReceipts(HostStorage storage, HostFunction function, IEnumerable<string> formerNames, TimeProvider clock)
{
    // Of a blob's name, in the storage service.
    private const int LongestName = 1024;

    private readonly string _prefix = PrefixOf(storage, function.Name);
    private readonly string[] _formerPrefixes = [.. formerNames.Select(name => PrefixOf(storage, name))];

    /// <summary>The name of a blob's receipt.</summary>
    public string NameOf(FoundBlob blob) => NameOf(blob, _prefix);

    /// <summary>Claims a blob: at most one host has it at a time, and none once it was completed.</summary>
    /// <returns>The claim, null when another host has it; or that there is nothing left to do.</returns>
    public async Task<(bool IsCompleted, BlobClaim? Claim)> TryClaimAsync(FoundBlob blob, CancellationToken cancellationToken)
    {
        var receipt = storage.Container.GetBlobClient(NameOf(blob));
        var former = await ReadFormerAsync(blob, cancellationToken);
        var created = await TryCreateAsync(receipt, former, cancellationToken);
        if ((created is null ? await TryReadAsync(receipt, cancellationToken) : (created.Value, former)) is not var (etag, state))
            return (false, null);
        if (state.IsCompleted)
            return (true, null);

        // Only as it was just read: then no other host has completed it in between, and no try goes uncounted.
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
            foreach (var prefix in _formerPrefixes.Prepend(_prefix))
            {
                await foreach (var receipt in storage.Container.GetBlobsAsync(new GetBlobsOptions { Traits = BlobTraits.Metadata, Prefix = prefix }, cancellationToken))
                {
                    if (keys.Count >= HandledBlobs.Capacity)
                        return keys;
                    if (BlobReceipt.FromMetadata(receipt.Metadata).IsCompleted)
                        keys.Add(HandledBlobs.Key(_prefix + receipt.Name[prefix.Length..]));
                }
            }
        }
        catch (RequestFailedException error) when (error.Status == 404)
        {
            // No host has run on this storage yet.
        }

        return keys;
    }

    private static string PrefixOf(HostStorage storage, string functionName) => $"blobreceipts/{storage.HostId}/{HostStorage.FullName(functionName)}/";

    private static string NameOf(FoundBlob blob, string prefix)
    {
        // The ETag comes first, since the blob's name may contain anything.
        var name = $"{prefix}{blob.QuotedETag}/{blob.Path}";
        return name.Length <= LongestName
            ? name
            : $"{prefix}{blob.QuotedETag}/{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(blob.Path)))}";
    }

    // What a receipt under a former name says; a blank one when there is none.
    private async Task<BlobReceipt> ReadFormerAsync(FoundBlob blob, CancellationToken cancellationToken)
    {
        foreach (var prefix in _formerPrefixes)
        {
            if (await TryReadAsync(storage.Container.GetBlobClient(NameOf(blob, prefix)), cancellationToken) is var (_, state))
                return state;
        }

        return default;
    }

    // Null when there is one already.
    private async Task<ETag?> TryCreateAsync(BlobClient receipt, BlobReceipt state, CancellationToken cancellationToken)
    {
        var options = new BlobUploadOptions
        {
            Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All },
            Metadata = state.ToMetadata(),
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

    // Null when there is none. One that was there a moment ago was deleted: the next poll makes a new one.
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

/// <summary>What a receipt says, in its blob's metadata.</summary>
/// <param name="IsCompleted">The blob is done with, for good. The Functions host's entry.</param>
/// <param name="Tries">The tries that were begun. The Functions host leaves them to a queue.</param>
internal readonly record struct BlobReceipt(bool IsCompleted, int Tries)
{
    private const string CompletedKey = "Completed";
    private const string TriesKey = "Tries";

    /// <summary>Reads it; what is missing (a receipt of the Functions host has no tries) is false and 0.</summary>
    public static BlobReceipt FromMetadata(IDictionary<string, string> metadata)
    {
        _ = bool.TryParse(metadata.TryGetValue(CompletedKey, out var completed) ? completed : null, out var isCompleted);
        _ = int.TryParse(metadata.TryGetValue(TriesKey, out var tries) ? tries : null, NumberStyles.None, CultureInfo.InvariantCulture, out var count);
        return new(isCompleted, count);
    }

    public Dictionary<string, string> ToMetadata() => new()
    {
        [CompletedKey] = IsCompleted ? bool.TrueString : bool.FalseString,
        [TriesKey] = Tries.ToString(CultureInfo.InvariantCulture),
    };
}
