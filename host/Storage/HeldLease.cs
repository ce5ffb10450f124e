using Azure;
using Azure.Storage.Blobs.Specialized;

namespace Larder.Host.Storage;

/// <summary>
/// A lease on a blob, renewed in the background until this is disposed of. The storage service gives it to one holder at a time, among
/// all hosts. When the holder's process ends without giving it back, it runs out <see cref="Duration"/> after the last renewal.
/// </summary>
internal sealed class HeldLease : IAsyncDisposable
{
    /// <summary>The shortest that the storage service gives: how long others wait for the lease of a host that was killed.</summary>
    public static readonly TimeSpan Duration = TimeSpan.FromSeconds(15);

    // Two renewals may fail before it is lost.
    private static readonly TimeSpan RenewalInterval = Duration / 3;

    private readonly BlobLeaseClient _client;
    private readonly TimeProvider _clock;
    private readonly CancellationTokenSource _lost = new();
    private readonly CancellationTokenSource _ended = new();
    private readonly SemaphoreSlim _oneAtATime = new(1);
    private readonly Task _renewals;
    private long _renewedTicks;

    private HeldLease(BlobLeaseClient client, TimeProvider clock, DateTimeOffset asked)
    {
        _client = client;
        _clock = clock;
        _renewedTicks = asked.UtcTicks;
        _renewals = RenewAsync();
    }

    /// <summary>What writes to the blob must carry.</summary>
    public string Id => _client.LeaseId;

    // Of a clock that was set back since, nothing is known but that: old.
    private TimeSpan Age => new TimeSpan(_clock.GetUtcNow().UtcTicks - Volatile.Read(ref _renewedTicks)).Duration();

    /// <summary>Signalled when another holder may have the lease.</summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>Asks for the lease.</summary>
    /// <param name="blob">The blob, which must exist.</param>
    /// <param name="clock">When to renew.</param>
    /// <param name="id">The lease's id, with which the same caller may acquire again a lease whose answer it did not get; a new one if null.</param>
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
    /// Makes sure of the lease before something that only its holder may do: it renews unless the last renewal is recent by the clock.
    /// After a machine has slept, the lease may be another's although no timer of this process has fired.
    /// </summary>
    /// <returns>False when it is lost.</returns>
    public async Task<bool> EnsureHeldAsync(CancellationToken cancellationToken)
    {
        if (Age > RenewalInterval)
            await TryRenewAsync(cancellationToken);
        return !_lost.IsCancellationRequested;
    }

    /// <summary>Gives it back.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _renewals;
        try
        {
            // Not the caller's token: the lease is to be given back when all else is being cancelled.
            using var timeout = new CancellationTokenSource(RenewalInterval);
            await _client.ReleaseAsync(cancellationToken: timeout.Token);
        }
        catch (Exception error) when (error is RequestFailedException or OperationCanceledException or AggregateException)
        {
            // It is lost, or it ends by itself.
        }

        _lost.Dispose();
        _ended.Dispose();
        _oneAtATime.Dispose();
    }

    private async Task RenewAsync()
    {
        try
        {
            while (!_lost.IsCancellationRequested)
            {
                await Task.Delay(RenewalInterval, _clock, _ended.Token);
                await TryRenewAsync(_ended.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // Given back.
        }
    }

    private async Task TryRenewAsync(CancellationToken cancellationToken)
    {
        await _oneAtATime.WaitAsync(cancellationToken);
        // The service's lease runs in real time, whatever the clock of the schedule says.
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(RenewalInterval);
        try
        {
            var asked = _clock.GetUtcNow().UtcTicks;
            await _client.RenewAsync(cancellationToken: timeout.Token);
            Volatile.Write(ref _renewedTicks, asked);
        }
        catch (RequestFailedException error) when (IsLoss(error))
        {
            await _lost.CancelAsync();
        }
        catch (Exception error) when (error is RequestFailedException or AggregateException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            // The service did not answer. The lease lasts for a while yet.
            if (Age >= Duration)
                await _lost.CancelAsync();
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    private static bool IsLoss(RequestFailedException error) => error.Status is 404 or 409 or 412;
}
