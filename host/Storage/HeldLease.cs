using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace Larder.Host;

/// <summary>
/// A lease on a blob, renewed in the background while this lives. Whoever has it is the only one, among all hosts: the storage
/// service sees to that. It ends by itself when its holder dies, <see cref="Duration"/> after the last renewal.
/// </summary>
internal sealed class HeldLease : IAsyncDisposable
{
    /// <summary>The shortest that the storage service gives: how long a killed host keeps others waiting.</summary>
    public static readonly TimeSpan Duration = TimeSpan.FromSeconds(15);

    // Two renewals may fail before it is lost.
    private static readonly TimeSpan RenewalInterval = Duration / 3;

    private readonly BlobLeaseClient client;
    private readonly TimeProvider clock;
    private readonly CancellationTokenSource lost = new();
    private readonly CancellationTokenSource ended = new();
    private readonly SemaphoreSlim oneAtATime = new(1);
    private readonly Task renewals;
    private long renewedTicks;

    private HeldLease(BlobLeaseClient client, TimeProvider clock, DateTimeOffset asked)
    {
        this.client = client;
        this.clock = clock;
        renewedTicks = asked.UtcTicks;
        renewals = RenewAsync();
    }

    /// <summary>What writes to the blob must carry.</summary>
    public string Id => client.LeaseId;

    /// <summary>Whether nobody else can have it yet, by the clock that everybody shares. Asks nobody, so that it can be looked at before every step.</summary>
    public bool IsSurelyHeld => !lost.IsCancellationRequested && Age < Duration;

    private TimeSpan Age => new(clock.GetUtcNow().UtcTicks - Volatile.Read(ref renewedTicks));

    /// <summary>Signalled when somebody else may have the lease.</summary>
    public CancellationToken Lost => lost.Token;

    /// <summary>Asks for the lease.</summary>
    /// <param name="blob">The blob, which must exist.</param>
    /// <param name="clock">When to renew.</param>
    /// <param name="id">An id of the caller's own, with which it may ask again for a lease that it has lost sight of; a new one if null.</param>
    /// <param name="unchangedSince">Asks only for the blob as it was with this ETag.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>Null when another holds it, or when the blob is gone or has changed.</returns>
    public static async Task<HeldLease?> TryAcquireAsync(
        BlobBaseClient blob, TimeProvider clock, string? id, ETag? unchangedSince, CancellationToken cancellationToken)
    {
        var client = blob.GetBlobLeaseClient(id);

        // The lease lasts from when the service has given it, which is not before this.
        var asked = clock.GetUtcNow();
        try
        {
            await client.AcquireAsync(Duration, new RequestConditions { IfMatch = unchangedSince }, cancellationToken);
            return new(client, clock, asked);
        }
        catch (RequestFailedException error) when (IsLoss(error))
        {
            return null;
        }
    }

    /// <summary>
    /// Makes sure of the lease before something that only its holder may do. It renews unless that was done just now by the clock
    /// that everybody shares: after a laptop has slept, the lease may be another's although no timer has told so.
    /// </summary>
    /// <returns>False when it is lost.</returns>
    public async Task<bool> EnsureHeldAsync(CancellationToken cancellationToken)
    {
        if (Age > RenewalInterval)
            await TryRenewAsync(cancellationToken);
        return !lost.IsCancellationRequested;
    }

    /// <summary>Gives it back.</summary>
    public async ValueTask DisposeAsync()
    {
        await ended.CancelAsync();
        await renewals;
        try
        {
            // Not the caller's token: giving it back is most wanted when all else is being cancelled.
            using var patience = new CancellationTokenSource(RenewalInterval);
            await client.ReleaseAsync(cancellationToken: patience.Token);
        }
        catch (Exception error) when (error is RequestFailedException or OperationCanceledException or AggregateException)
        {
            // It is lost, or it ends by itself.
        }

        lost.Dispose();
        ended.Dispose();
        oneAtATime.Dispose();
    }

    private async Task RenewAsync()
    {
        try
        {
            while (!lost.IsCancellationRequested)
            {
                await Task.Delay(RenewalInterval, clock, ended.Token);
                await TryRenewAsync(ended.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // Given back.
        }
    }

    private async Task TryRenewAsync(CancellationToken cancellationToken)
    {
        await oneAtATime.WaitAsync(cancellationToken);
        // The service's lease runs in real time, whatever the clock of the schedule says.
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(RenewalInterval);
        try
        {
            var asked = clock.GetUtcNow().UtcTicks;
            await client.RenewAsync(cancellationToken: patience.Token);
            Volatile.Write(ref renewedTicks, asked);
        }
        catch (RequestFailedException error) when (IsLoss(error))
        {
            await lost.CancelAsync();
        }
        catch (Exception error) when (error is RequestFailedException or AggregateException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            // The service did not answer. The lease lasts for a while yet.
            if (Age >= Duration)
                await lost.CancelAsync();
        }
        finally
        {
            oneAtATime.Release();
        }
    }

    private static bool IsLoss(RequestFailedException error) => error.Status is 404 or 409 or 412;
}
