using System.Text.Json.Nodes;
using Larder.Registry.Audit;
using Larder.Registry.Errors;
using Larder.Registry.Storage;
using Larder.Registry.Text;

namespace Larder.Registry.Webhooks;

/// <summary>The webhooks' documents. Every change is one compare-and-swap, with an audit record in the same write.</summary>
/// <remarks>All methods throw <see cref="StorageUnavailableException"/> during an outage.</remarks>
public sealed class WebhookStore
{
    /// <summary>The most items that one page of a list has.</summary>
    public const int MaxPage = 1000;

    private const string CursorKind = "webhook:";
    private const string Secret = "***";
    private const string OtherSecret = "*** (another one)";

    // Members that callers do not set, or that must not be shown.
    private static readonly string[] Unrecorded = ["id", "created", "updated", "secret", "deleted", "outbox"];

    private readonly IDocumentStore _documents;
    private readonly AuditLog _log;
    private readonly DeliveryStore _deliveries;
    private readonly WebhookSecrets _secrets;
    private readonly WebhookOptions _options;
    private readonly TimeProvider _time;
    private readonly DocumentUpdater<Webhook> _updater;

    /// <summary>The webhooks of a document store.</summary>
    /// <param name="documents">The store.</param>
    /// <param name="log">Where the records of changes go.</param>
    /// <param name="deliveries">A webhook's deliveries go with it.</param>
    /// <param name="secrets">Keeps the secrets.</param>
    /// <param name="options">How many there may be, and where to.</param>
    /// <param name="time">Gives changes their time.</param>
    public WebhookStore(IDocumentStore documents, AuditLog log, DeliveryStore deliveries, WebhookSecrets secrets, WebhookOptions options, TimeProvider time)
    {
        (_documents, _log, _deliveries, _secrets, _options, _time) = (documents, log, deliveries, secrets, options, time);
        _updater = new DocumentUpdater<Webhook>(documents, Webhook.Collection, WriteAsync);
    }

    /// <summary>Makes a webhook.</summary>
    /// <param name="patch">What it is to be; name, URL and events are needed.</param>
    /// <param name="actor">Who makes it.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="InvalidRequestException">Something is not allowed, or there are too many.</exception>
    public async Task<Webhook> CreateAsync(WebhookPatch patch, string actor, CancellationToken cancellationToken = default)
    {
        Webhook.Validate(patch, _options);
        if (patch is not { Name: { } name, Url: { } url, Events: { Count: > 0 } events })
            throw new InvalidRequestException("Webhook events must be a non-empty list of WebhookEvent objects: [].");
        if ((await _deliveries.Webhooks.ReadAsync(cancellationToken)).Count(other => !other.Deleted) >= _options.MaxWebhooks)
            throw new InvalidRequestException($"There can be at most {_options.MaxWebhooks} webhooks (Webhooks:MaxWebhooks), and there are: delete one first.");
        var now = _time.GetUtcNow();
        var id = Guid.NewGuid().ToString();
        var webhook = new Webhook
        {
            Id = id,
            Name = name,
            Description = TextOf(patch.Description),
            Url = url,
            Events = NamesOf(events),
            Status = patch.Status ?? WebhookStatus.Active,
            Created = now,
            Updated = now,
            Secret = string.IsNullOrEmpty(patch.Secret) ? null : _secrets.Store(id, patch.Secret),
        };
        webhook = Recorded(null, webhook, "create", actor, now);
        try
        {
            await _documents.CreateAsync(Webhook.Collection, Webhook.Partition, id, webhook, cancellationToken);
        }
        finally
        {
            // Also where it is not known whether it is stored.
            _deliveries.Webhooks.Changed();
        }
        await _log.TryWriteAsync(webhook.Outbox, known: 0);
        return webhook;
    }

    /// <summary>A webhook.</summary>
    /// <exception cref="NotFoundException">There is none of that id, or it can be no id, and then nothing is read.</exception>
    public async Task<Webhook> GetAsync(string id, CancellationToken cancellationToken = default) =>
        Webhook.IsId(id) && await _documents.GetAsync(Webhook.Collection, Webhook.Partition, id, cancellationToken) is { Value.Deleted: false } found ? found.Value : throw NotFound(id);

    /// <summary>The webhooks, the newest first.</summary>
    /// <param name="limit">The most items: 1 to <see cref="MaxPage"/>.</param>
    /// <param name="cursor">From the page before; null for the first.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="InvalidRequestException">The limit is out of range, or the cursor is none.</exception>
    public async Task<Page<Webhook>> ListAsync(int limit, string? cursor = null, CancellationToken cancellationToken = default)
    {
        if (limit is < 1 or > MaxPage)
            throw new InvalidRequestException($"max_results must be between 1 and {MaxPage}.");
        var after = cursor is null ? "" : Cursors.Read(CursorKind, cursor, text => text.Length > 0);
        var all = (await _deliveries.Webhooks.ReadAsync(cancellationToken))
            .Where(webhook => !webhook.Deleted)
            .Select(webhook => (Key: $"{DateTime.MaxValue.Ticks - webhook.Created.UtcTicks:D19}/{webhook.Id}", Webhook: webhook))
            .Where(item => string.CompareOrdinal(item.Key, after) > 0)
            .OrderBy(item => item.Key, StringComparer.Ordinal)
            .ToList();
        return new Page<Webhook>([.. all.Take(limit).Select(item => item.Webhook)], all.Count > limit ? Cursors.Write(CursorKind, all[limit - 1].Key) : null);
    }

    /// <summary>Changes a webhook. Nothing is written if nothing differs.</summary>
    /// <param name="id">Which.</param>
    /// <param name="patch">What it is to be; null and empty texts and lists leave what is, as MLflow has it.</param>
    /// <param name="actor">Who.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The webhook after it.</returns>
    /// <exception cref="InvalidRequestException">Something is not allowed.</exception>
    /// <exception cref="NotFoundException">There is no such webhook.</exception>
    public async Task<Webhook> UpdateAsync(string id, WebhookPatch patch, string actor, CancellationToken cancellationToken = default)
    {
        patch = patch with { Name = TextOf(patch.Name), Url = TextOf(patch.Url) };
        Webhook.Validate(patch, _options);
        var stored = await UpdateAsync(id, Change, cancellationToken);
        return stored.Value;

        Webhook Change(Webhook webhook)
        {
            var now = _time.GetUtcNow();
            var next = webhook with
            {
                Name = TextOf(patch.Name) ?? webhook.Name,
                Description = TextOf(patch.Description) ?? webhook.Description,
                Url = TextOf(patch.Url) ?? webhook.Url,
                Events = patch.Events is { Count: > 0 } events ? NamesOf(events) : webhook.Events,
                Status = patch.Status ?? webhook.Status,
                Secret = string.IsNullOrEmpty(patch.Secret) ? webhook.Secret : _secrets.Store(id, patch.Secret),
                Updated = now,
            };
            return Recorded(webhook, next, "update", actor, now);
        }
    }

    /// <summary>Deletes a webhook with its deliveries. What a server is sending at this moment may still arrive.</summary>
    /// <exception cref="NotFoundException">There is no such webhook.</exception>
    public async Task DeleteAsync(string id, string actor, CancellationToken cancellationToken = default)
    {
        await UpdateAsync(id, Mark, cancellationToken);

        Webhook Mark(Webhook webhook) => webhook with
        {
            Deleted = true,
            Secret = null,
            Outbox = webhook.Outbox.Add(new AuditRecord
            {
                Subject = AuditSubject.OfWebhook(id), When = _time.GetUtcNow(), Who = actor, What = "delete", Before = AuditValues.Between(Described(webhook, webhook), null).Before,
            }),
        };
    }

    /// <summary>Completes what crashes left, and removes deliveries that are over for long. Several servers may run it at a time.</summary>
    /// <returns>How many records were missing in the audit log, and how many deliveries were removed.</returns>
    public async Task<(int Records, int Deliveries)> CollectAsync(CancellationToken cancellationToken = default)
    {
        var (records, removed) = (0, 0);
        foreach (var webhook in await _deliveries.Webhooks.ReadAsync(cancellationToken))
        {
            if (await _documents.GetAsync(Webhook.Collection, Webhook.Partition, webhook.Id, cancellationToken) is not { } found)
                continue;
            records += await FinishAsync(found, found.Value.Outbox.Last) ?? 0;
            if (!found.Value.Deleted)
                removed += await _deliveries.CollectAsync(webhook.Id, cancellationToken);
        }
        return (records, removed);
    }

    /// <summary>Writes audit records that a crash may have left in a webhook's document to the log.</summary>
    internal async Task CompleteAuditAsync(string id, CancellationToken cancellationToken)
    {
        if (await _documents.GetAsync(Webhook.Collection, Webhook.Partition, id, cancellationToken) is { } found)
            await FinishAsync(found, found.Value.Outbox.Last);
    }

    private async Task<Document<Webhook>> UpdateAsync(string id, Func<Webhook, Webhook> change, CancellationToken cancellationToken)
    {
        if (!Webhook.IsId(id))
            throw NotFound(id);
        return (await _updater.UpdateAsync(
            Webhook.Partition, id, $"the webhook {id}", (Document<Webhook>? read) => change(read is { Value.Deleted: false } ? read.Value : throw NotFound(id)), cancellationToken))!;
    }

    private async Task<Document<Webhook>> WriteAsync(Document<Webhook>? read, Webhook next, CancellationToken cancellationToken)
    {
        var known = read!.Value.Outbox;
        next = next with { Outbox = await _log.PrepareAsync(known, next.Outbox) };
        Document<Webhook> stored;
        try
        {
            stored = await _documents.WriteAsync(Webhook.Collection, Webhook.Partition, next.Id, read, next, cancellationToken);
        }
        finally
        {
            _deliveries.Webhooks.Changed();
        }
        await FinishAsync(stored, known.Last);
        return stored;
    }

    /// <summary>Writes the records of the outbox to the log; then removes a deleted webhook's deliveries, and its document. The garbage collector repeats what fails.</summary>
    private async Task<int?> FinishAsync(Document<Webhook> stored, int known)
    {
        var written = await _log.TryWriteAsync(stored.Value.Outbox, known);
        if (written is null || !stored.Value.Deleted)
            return written;
        try
        {
            await _deliveries.DeleteAllAsync(stored.Id, CancellationToken.None);
            await _documents.TryDeleteAsync(Webhook.Collection, stored, CancellationToken.None);
        }
        catch (StorageUnavailableException)
        {
            // Readers do not see the webhook any more.
        }
        return written;
    }

    /// <summary>The next webhook with the record of what differs; the one before when nothing does.</summary>
    private static Webhook Recorded(Webhook? before, Webhook next, string what, string actor, DateTimeOffset now)
    {
        var (was, isNow) = AuditValues.Between(before is null ? null : Described(before, before), Described(next, before));
        return was is null && isNow is null && before is not null
            ? before
            : next with
            {
                Outbox = next.Outbox.Add(new AuditRecord { Subject = AuditSubject.OfWebhook(next.Id), When = now, Who = actor, What = what, Before = was, After = isNow }),
            };
    }

    // That there is a secret, and that it is another one; never what it is. The query of a URL may be a key, too.
    private static JsonObject Described(Webhook webhook, Webhook? before)
    {
        var described = AuditValues.Of(webhook);
        foreach (var member in Unrecorded)
            described.Remove(member);
        described["url"] = webhook.Url.Split('?') is [var path, _, ..] ? $"{path}?{(before is null || before.Url == webhook.Url ? Secret : OtherSecret)}" : webhook.Url;
        if (webhook.Secret is not null)
            described["secret"] = before?.Secret is not null && before.Secret != webhook.Secret ? OtherSecret : Secret;
        return described;
    }

    private static string? TextOf(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private static IReadOnlyList<string> NamesOf(IReadOnlyList<WebhookEvent> events) => [.. events.Select(given => given.Name).Distinct()];

    private static NotFoundException NotFound(string id) => new($"Webhook with ID {Quoted.Text(id)} not found.");
}
