using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Microsoft.Azure.Functions.Worker.Embedded.Storage;

namespace Microsoft.DurableTask.Embedded;

/// <summary>Asks for the lease that says which host runs a task hub.</summary>
internal static class HubLease
{
    /// <summary>Asks once.</summary>
    /// <param name="blob">The lock; made if it is not there.</param>
    /// <param name="onHolderDead">Told of a holder of this machine that is dead, and whose lease was therefore ended.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <returns>Null when another host has it.</returns>
    public static async Task<HeldLease?> TryAcquireAsync(BlobClient blob, Action<HubHolder> onHolderDead, CancellationToken cancellationToken)
    {
        await MakeAsync(blob, cancellationToken);
        if (await TryHoldAsync(blob, cancellationToken) is { } lease)
            return lease;

        var properties = (await blob.GetPropertiesAsync(cancellationToken: cancellationToken)).Value;
        if (HubHolder.Read(properties.Metadata) is not { IsDead: true } holder)
            return null;
        try
        {
            // Only if nobody has taken it since: then it says another holder.
            var conditions = new RequestConditions { IfMatch = properties.ETag };
            await blob.GetBlobLeaseClient().BreakAsync(TimeSpan.Zero, conditions, cancellationToken);
        }
        catch (RequestFailedException error) when (StorageErrors.IsConflict(error))
        {
            return null;
        }

        onHolderDead(holder);
        return await TryHoldAsync(blob, cancellationToken);
    }

    private static async Task MakeAsync(BlobClient blob, CancellationToken cancellationToken)
    {
        try
        {
            var options = new BlobUploadOptions { Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All } };
            await blob.UploadAsync(BinaryData.FromBytes(Array.Empty<byte>()), options, cancellationToken);
        }
        catch (RequestFailedException error) when (StorageErrors.IsConflict(error))
        {
            // It is there already.
        }
    }

    private static async Task<HeldLease?> TryHoldAsync(BlobClient blob, CancellationToken cancellationToken)
    {
        // Leases live in real time, whatever the orchestrations' clock says.
        var lease = await HeldLease.TryAcquireAsync(blob, TimeProvider.System, id: null, unchangedSince: null, cancellationToken);
        if (lease is null)
            return null;
        try
        {
            var conditions = new BlobRequestConditions { LeaseId = lease.Id };
            await blob.SetMetadataAsync(HubHolder.Current().ToMetadata(), conditions, cancellationToken);
            return lease;
        }
        catch (RequestFailedException error) when (StorageErrors.IsConflict(error))
        {
            await lease.DisposeAsync();
            return null;
        }
        catch
        {
            await lease.DisposeAsync();
            throw;
        }
    }
}
