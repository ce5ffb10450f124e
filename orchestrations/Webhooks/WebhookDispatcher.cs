using System.Collections.Concurrent;
using Larder.Registry.Webhooks;
using Microsoft.Extensions.Logging;

namespace Larder.Orchestrations.Webhooks;

/// <summary>
/// Sends deliveries: those that this process added at once and, while it runs, again after the waits that are due soon; and on a timer all that are due, whichever process added it.
/// Each webhook has a lane of its own, with <see cref="WebhookOptions.Parallelism"/> sends at a time, so that a slow receiver delays no other.
/// </summary>
public sealed partial class WebhookDispatcher : IDisposable
{
    // More than that wait in storage only, for the timer.
    private const int MaxInLane = 1000;

    // The timer comes each minute: deliveries that are due before it this process sends itself.
    private static readonly TimeSpan Soon = TimeSpan.FromMinutes(1);

    private readonly DeliveryStore _deliveries;
    private readonly WebhookSender _sender;
    private readonly WebhookOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<WebhookDispatcher> _logger;
    private readonly ConcurrentDictionary<string, Lane> _lanes = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationToken _stop;

    /// <summary>Makes one, which sends what is added from now on.</summary>
    /// <param name="deliveries">The deliveries.</param>
    /// <param name="sender">Sends one.</param>
    /// <param name="options">How many at a time.</param>
    /// <param name="time">For waits.</param>
    /// <param name="logger">For what failed without an outcome.</param>
    public WebhookDispatcher(DeliveryStore deliveries, WebhookSender sender, WebhookOptions options, TimeProvider time, ILogger<WebhookDispatcher> logger)
    {
        (_deliveries, _sender, _options, _time, _logger) = (deliveries, sender, options, time, logger);
        _stop = _stopping.Token;
        _deliveries.Added += Start;
    }

    /// <summary>Sends deliveries that are due, until a time; those that are left are due at the next call.</summary>
    /// <param name="until">When no more is begun.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>How many were sent.</returns>
    public async Task<int> RunDueAsync(DateTimeOffset until, CancellationToken cancellationToken)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stop);
        var due = new List<DeliveryClaim>();
        await foreach (var claim in _deliveries.DueAsync(stopping.Token))
            due.Add(claim);
        var sent = await Task.WhenAll(due.GroupBy(claim => claim.Webhook).Select(async group =>
        {
            var count = 0;
            var options = new ParallelOptions { MaxDegreeOfParallelism = _options.Parallelism, CancellationToken = stopping.Token };
            await Parallel.ForEachAsync(group, options, async (claim, token) =>
            {
                if (_time.GetUtcNow() < until && await RunAsync(claim.Webhook, claim.Delivery, known: null, token))
                    Interlocked.Increment(ref count);
            });
            return count;
        }));
        return sent.Sum();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _deliveries.Added -= Start;
        _stopping.Cancel();
        _stopping.Dispose();
        foreach (var lane in _lanes.Values)
            lane.Dispose();
    }

    private void Start(Webhook webhook, WebhookDelivery delivery, DeliveryClaim claim) =>
        _ = Task.Run(() => RunAsync(claim.Webhook, claim.Delivery, new Known(webhook, delivery, claim), _stop));

    /// <summary>Sends one delivery, when its lane has room.</summary>
    /// <returns>Whether it was sent; not when another server has it, it is over, or something failed that the next call repeats.</returns>
    private async Task<bool> RunAsync(string webhook, string delivery, Known? known, CancellationToken cancellationToken)
    {
        try
        {
            var lane = _lanes.GetOrAdd(webhook, _ => new Lane(_options.Parallelism));
            if (!await lane.TryEnterAsync(cancellationToken))
                return false;
            try
            {
                // What waited here longer than its claim, another server may have by now.
                if (known is null || known.Claim.Until - _options.Timeout <= _time.GetUtcNow())
                    known = await OpenAsync(webhook, delivery, cancellationToken);
                return known is not null && await SendAsync(known, cancellationToken);
            }
            finally
            {
                lane.Leave();
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            return false;
        }
        catch (Exception e)
        {
            LogFailed(e, delivery, webhook);
            return false;
        }
    }

    private async Task<Known?> OpenAsync(string webhook, string delivery, CancellationToken cancellationToken) =>
        await _deliveries.TryClaimAsync(webhook, delivery, cancellationToken) is { } claim && await _deliveries.OpenAsync(claim, cancellationToken) is { } found
            ? new Known(found.Webhook, found.Delivery, claim)
            : null;

    private async Task<bool> SendAsync(Known known, CancellationToken cancellationToken)
    {
        var attempt = known.Webhook.Status == WebhookStatus.Active
            ? await _sender.SendAsync(known.Webhook, known.Delivery.Id, known.Delivery.Payload, cancellationToken)
            : DeliveryAttempt.GivenUp("The webhook was disabled before it was sent: enable the webhook, then deliver it again.");
        if (await _deliveries.RecordAsync(known.Claim, attempt) is { NextAttempt: { } next } && next - _time.GetUtcNow() <= Soon)
            _ = Task.Run(() => LaterAsync(known.Claim, next), CancellationToken.None);
        return true;
    }

    private async Task LaterAsync(DeliveryClaim claim, DateTimeOffset next)
    {
        try
        {
            // A timer may fire a little before the clock says so; a claim that comes early is refused.
            for (var wait = next - _time.GetUtcNow(); wait > TimeSpan.Zero; wait = next - _time.GetUtcNow())
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds)), _time, _stop);
            await RunAsync(claim.Webhook, claim.Delivery, known: null, _stop);
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The server stops; the timer of another, or of the next start, goes on.
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The delivery {Delivery} of the webhook {Webhook} could not be read or noted; it is tried again.")]
    private partial void LogFailed(Exception exception, string delivery, string webhook);

    /// <summary>A delivery that this process may send.</summary>
    private sealed record Known(Webhook Webhook, WebhookDelivery Delivery, DeliveryClaim Claim);

    /// <summary>The sends to one webhook.</summary>
    private sealed class Lane(int parallelism) : IDisposable
    {
        private readonly SemaphoreSlim _free = new(parallelism);
        private int _waiting;

        public async Task<bool> TryEnterAsync(CancellationToken cancellationToken)
        {
            if (Interlocked.Increment(ref _waiting) > MaxInLane)
            {
                Interlocked.Decrement(ref _waiting);
                return false;
            }
            try
            {
                await _free.WaitAsync(cancellationToken);
                return true;
            }
            finally
            {
                Interlocked.Decrement(ref _waiting);
            }
        }

        public void Leave() => _free.Release();

        public void Dispose() => _free.Dispose();
    }
}
