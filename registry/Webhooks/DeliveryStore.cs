using System.Runtime.CompilerServices;
using Larder.Registry.Errors;
using Larder.Registry.Storage;
using Larder.Registry.Text;

namespace Larder.Registry.Webhooks;

/// <summary>
/// The deliveries of events: a durable list of what is to be sent, and the log of what was. A delivery is created with an id that is made of its event, and then
/// its <see cref="PendingDelivery"/>; both create-only, so an event that is followed again makes nothing new.
/// </summary>
/// <remarks>All methods throw <see cref="StorageUnavailableException"/> during an outage.</remarks>
/// <param name="documents">Where they are.</param>
/// <param name="options">Attempts, waits, limits.</param>
/// <param name="time">For deliveries that are due.</param>
public sealed class DeliveryStore(IDocumentStore documents, WebhookOptions options, TimeProvider time)
{
    /// <summary>The most items that one page of a list has.</summary>
    public const int MaxPage = 1000;

    private const int ScanPage = 500;

    // A receiver that asks for more is asked again after this.
    private static readonly TimeSpan MaxRetryAfter = TimeSpan.FromDays(1);

    // On top of the attempt's timeout: for reads and writes before and after it.
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(30);

    private readonly DocumentUpdater<WebhookDelivery> _updater = new(documents, WebhookDelivery.Collection);

    /// <summary>Says that this process added a delivery, and has the claim to send it.</summary>
    public event Action<Webhook, WebhookDelivery, DeliveryClaim>? Added;

    /// <summary>The webhooks that events may go to.</summary>
    internal WebhookList Webhooks { get; } = new(documents, time);

    /// <summary>Adds the delivery of an event to a webhook, unless it is there.</summary>
    /// <param name="webhook">The webhook.</param>
    /// <param name="name">The event.</param>
    /// <param name="occurrence">What happened, unique among all events.</param>
    /// <param name="payload">The body.</param>
    /// <param name="when">When it happened.</param>
    internal async Task AddAsync(Webhook webhook, string name, string occurrence, string payload, DateTimeOffset when)
    {
        var now = time.GetUtcNow();
        var until = now + options.Timeout + Margin;
        var delivery = new WebhookDelivery
        {
            Id = WebhookDelivery.IdOf(webhook.Id, occurrence, when), Webhook = webhook.Id, Event = name, Payload = payload, Created = when, NextAttempt = now,
        };
        var isNew = true;
        // The delivery first: a server that finds the other without it deletes that.
        try
        {
            await documents.CreateAsync(WebhookDelivery.Collection, webhook.Id, delivery.Id, delivery);
        }
        catch (DocumentExistsException)
        {
            // An earlier call may have crashed before the second write, or the event may be delivered: the server that takes it looks.
            isNew = false;
        }
        if (await TryCreateAsync(webhook.Id, delivery.Id, until) is { } claim && isNew)
            Added?.Invoke(webhook, delivery, claim);
    }

    /// <summary>Deliveries that are due.</summary>
    public async IAsyncEnumerable<DeliveryClaim> DueAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var found in documents.ScanAllAsync(PendingDelivery.Collection, ScanPage, cancellationToken))
        {
            if (found.Value.Due <= time.GetUtcNow())
                yield return new DeliveryClaim(found.Partition, found.Id, found.Value.Due, found.ETag);
        }
    }

    /// <summary>Claims a delivery, that other servers leave it alone while it is sent.</summary>
    /// <returns>The claim; null when another server has it, or it is over.</returns>
    public async Task<DeliveryClaim?> TryClaimAsync(string webhook, string delivery, CancellationToken cancellationToken = default) =>
        await documents.GetAsync(PendingDelivery.Collection, webhook, delivery, cancellationToken) is { } found && found.Value.Due <= time.GetUtcNow()
            ? await TryMoveAsync(new DeliveryClaim(webhook, delivery, found.Value.Due, found.ETag), time.GetUtcNow() + options.Timeout + Margin, cancellationToken)
            : null;

    /// <summary>What a claim is for. What is over, or belongs to a webhook that is gone, is cleared away.</summary>
    /// <returns>Webhook and delivery; null when there is nothing to send.</returns>
    public async Task<(Webhook Webhook, WebhookDelivery Delivery)?> OpenAsync(DeliveryClaim claim, CancellationToken cancellationToken = default)
    {
        var webhook = await documents.GetAsync(Webhook.Collection, Webhook.Partition, claim.Webhook, cancellationToken);
        var delivery = await documents.GetAsync(WebhookDelivery.Collection, claim.Webhook, claim.Delivery, cancellationToken);
        if (webhook is { Value.Deleted: false } && delivery is { Value.Status: WebhookDeliveryStatus.Pending })
            return (webhook.Value, delivery.Value);
        if (webhook is null && delivery is not null)
            await documents.TryDeleteAsync(WebhookDelivery.Collection, delivery, cancellationToken);
        await CloseAsync(claim);
        return null;
    }

    /// <summary>Notes what came of an attempt, and when the next one is due.</summary>
    /// <returns>The delivery after it; null when it is gone.</returns>
    public async Task<WebhookDelivery?> RecordAsync(DeliveryClaim claim, DeliveryAttempt attempt)
    {
        var now = time.GetUtcNow();
        var stored = await _updater.UpdateAsync(claim.Webhook, claim.Delivery, $"the delivery {claim.Delivery}", (Document<WebhookDelivery>? read) => read is null ? null : After(read.Value), CancellationToken.None);
        if (stored?.Value is { Status: WebhookDeliveryStatus.Pending, NextAttempt: { } next })
            await TryMoveAsync(claim, next, CancellationToken.None);
        else
            await CloseAsync(claim);
        return stored?.Value;

        WebhookDelivery After(WebhookDelivery delivery)
        {
            if (delivery.Status != WebhookDeliveryStatus.Pending)
                return delivery;
            var tries = delivery.Tries + 1;
            var status = attempt.Error is null ? WebhookDeliveryStatus.Delivered : attempt.IsFinal || tries >= options.Attempts ? WebhookDeliveryStatus.Failed : WebhookDeliveryStatus.Pending;
            return delivery with
            {
                Status = status,
                Attempts = delivery.Attempts + 1,
                Tries = tries,
                LastAttempt = now,
                NextAttempt = status == WebhookDeliveryStatus.Pending ? now + WaitAfter(tries, attempt.RetryAfter) : null,
                DurationMs = (long)attempt.Duration.TotalMilliseconds,
                AnswerStatus = attempt.Status,
                AnswerBody = attempt.Body,
                Error = attempt.Error,
            };
        }
    }

    /// <summary>The deliveries of a webhook, the newest first.</summary>
    /// <param name="webhook">The webhook's id; that it exists, the caller knows.</param>
    /// <param name="limit">The most items: 1 to <see cref="MaxPage"/>.</param>
    /// <param name="cursor">From the page before; null for the first.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="InvalidRequestException">The limit is out of range, or the cursor is none.</exception>
    public async Task<Page<WebhookDelivery>> ListAsync(string webhook, int limit, string? cursor = null, CancellationToken cancellationToken = default)
    {
        if (limit is < 1 or > MaxPage)
            throw new InvalidRequestException($"The limit must be 1 to {MaxPage}; it is {limit}.");
        var page = await documents.ListAsync(WebhookDelivery.Collection, webhook, limit, cursor, cancellationToken);
        return new Page<WebhookDelivery>([.. page.Documents.Select(found => found.Value)], page.Continuation);
    }

    /// <summary>Delivers an event again, or a pending one at once, with attempts counted anew.</summary>
    /// <param name="webhook">The webhook.</param>
    /// <param name="id">The delivery.</param>
    /// <param name="actor">Who asks.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="NotFoundException">There is no such delivery.</exception>
    /// <exception cref="ConflictException">The webhook gets no events.</exception>
    public async Task<WebhookDelivery> RedeliverAsync(Webhook webhook, string id, string actor, CancellationToken cancellationToken = default)
    {
        if (!WebhookDelivery.IsId(id) || await documents.GetAsync(WebhookDelivery.Collection, webhook.Id, id, cancellationToken) is null)
            throw NotFound(id);
        if (webhook.Status != WebhookStatus.Active)
            throw new ConflictException($"The webhook {webhook.Name} is disabled: set its status to ACTIVE first.");
        var stored = await _updater.UpdateAsync(webhook.Id, id, $"the delivery {id}", (Document<WebhookDelivery>? read) => Again(read?.Value ?? throw NotFound(id)), cancellationToken);
        // Also where the one that waits is claimed for later: then it moves to now.
        var until = time.GetUtcNow() + options.Timeout + Margin;
        var claim = await TryCreateAsync(webhook.Id, id, until)
            ?? (await documents.GetAsync(PendingDelivery.Collection, webhook.Id, id, cancellationToken) is { } pending
                ? await TryMoveAsync(new DeliveryClaim(webhook.Id, id, pending.Value.Due, pending.ETag), until, cancellationToken)
                : await TryCreateAsync(webhook.Id, id, until));
        if (claim is not null)
            Added?.Invoke(webhook, stored!.Value, claim);
        return stored!.Value;

        WebhookDelivery Again(WebhookDelivery delivery) =>
            delivery with { Status = WebhookDeliveryStatus.Pending, Tries = 0, NextAttempt = time.GetUtcNow(), RedeliveredBy = actor };
    }

    /// <summary>Removes deliveries of a webhook that are over for long, or too many. A delivery that a crash left pending without anything that sends it is put back.</summary>
    /// <returns>How many were removed.</returns>
    internal async Task<int> CollectAsync(string webhook, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var (removed, over) = (0, 0);
        await foreach (var found in documents.ListAllAsync(WebhookDelivery.Collection, webhook, ScanPage, cancellationToken))
        {
            if (found.Value.Status == WebhookDeliveryStatus.Pending)
                await TryCreateAsync(webhook, found.Id, now + options.Timeout + Margin);
            else if (++over > options.MaxDeliveries || (found.Value.LastAttempt ?? found.Value.Created) < now - options.Retention)
                removed += await documents.TryDeleteAsync(WebhookDelivery.Collection, found, cancellationToken) ? 1 : 0;
        }
        return removed;
    }

    /// <summary>Removes all deliveries of a webhook.</summary>
    internal async Task DeleteAllAsync(string webhook, CancellationToken cancellationToken)
    {
        await DeleteAllAsync(PendingDelivery.Collection, webhook, cancellationToken);
        await DeleteAllAsync(WebhookDelivery.Collection, webhook, cancellationToken);
    }

    private async Task DeleteAllAsync<T>(DocumentCollection<T> collection, string partition, CancellationToken cancellationToken)
    {
        await foreach (var found in documents.ListAllAsync(collection, partition, ScanPage, cancellationToken))
            await documents.TryDeleteAsync(collection, found, cancellationToken);
    }

    private TimeSpan WaitAfter(int tries, TimeSpan? retryAfter)
    {
        const double MostDoublings = 30;
        var wait = options.FirstDelay * Math.Pow(2, Math.Min(tries - 1, MostDoublings));
        wait = (wait < options.MaxDelay ? wait : options.MaxDelay) * (1 + (Random.Shared.NextDouble() / 2));
        var asked = retryAfter < MaxRetryAfter ? retryAfter.Value : retryAfter is null ? TimeSpan.Zero : MaxRetryAfter;
        return wait > asked ? wait : asked;
    }

    private async Task<DeliveryClaim?> TryCreateAsync(string webhook, string delivery, DateTimeOffset until)
    {
        try
        {
            return new DeliveryClaim(webhook, delivery, until, await documents.CreateAsync(PendingDelivery.Collection, webhook, delivery, new PendingDelivery { Due = until }));
        }
        catch (DocumentExistsException)
        {
            return null;
        }
    }

    private async Task<DeliveryClaim?> TryMoveAsync(DeliveryClaim claim, DateTimeOffset due, CancellationToken cancellationToken)
    {
        try
        {
            var etag = await documents.ReplaceAsync(PendingDelivery.Collection, claim.Webhook, claim.Delivery, new PendingDelivery { Due = due }, claim.ETag, cancellationToken);
            return claim with { Until = due, ETag = etag };
        }
        catch (ETagMismatchException)
        {
            return null;
        }
    }

    // Another server may have taken it meanwhile, which then finds that it is over.
    private async Task CloseAsync(DeliveryClaim claim)
    {
        try
        {
            await documents.DeleteAsync(PendingDelivery.Collection, claim.Webhook, claim.Delivery, claim.ETag);
        }
        catch (ETagMismatchException)
        {
        }
    }

    private static NotFoundException NotFound(string id) => new($"There is no delivery {Quoted.Text(id)} of this webhook; those that are over for long are removed.");
}
