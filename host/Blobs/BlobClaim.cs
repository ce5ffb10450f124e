using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Larder.Host.Storage;

namespace Larder.Host.Blobs;

/// <summary>The right to handle one blob, until this is disposed of: a lease on its receipt.</summary>
/// <param name="receipt">The receipt's blob.</param>
/// <param name="lease">The lease on it.</param>
/// <param name="tries">The tries that were begun so far, here and elsewhere.</param>
internal sealed class BlobClaim(BlobClient receipt, HeldLease lease, int tries) : IAsyncDisposable
{
    /// <summary>The tries that were begun so far, here and elsewhere.</summary>
    public int Tries { get; private set; } = tries;

    /// <summary>Signalled when another host may have taken over.</summary>
    public CancellationToken Lost => lease.Lost;

    /// <summary>Counts a try, before it begins: one that ends the process has been one too.</summary>
    /// <returns>False when the claim is lost, and the try must not begin.</returns>
    public Task<bool> BeginTryAsync(CancellationToken cancellationToken) => WriteAsync(isCompleted: false, ++Tries, cancellationToken);

    /// <summary>Takes back a try that was not the blob's fault.</summary>
    public Task<bool> ForgetTryAsync(CancellationToken cancellationToken) => WriteAsync(isCompleted: false, --Tries, cancellationToken);

    /// <summary>The blob is done with, for good.</summary>
    /// <returns>False when the claim is lost, and another host may handle the blob again.</returns>
    public Task<bool> CompleteAsync(CancellationToken cancellationToken) => WriteAsync(isCompleted: true, Tries, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => lease.DisposeAsync();

    private async Task<bool> WriteAsync(bool isCompleted, int tries, CancellationToken cancellationToken)
    {
        try
        {
            await receipt.SetMetadataAsync(
                new BlobReceipt(isCompleted, tries).ToMetadata(), new BlobRequestConditions { LeaseId = lease.Id }, cancellationToken);
            return true;
        }
        catch (RequestFailedException error) when (error.Status is 404 or 409 or 412)
        {
            return false;
        }
    }
}
