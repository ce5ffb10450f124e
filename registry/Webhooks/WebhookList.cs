using Larder.Registry.Storage;

namespace Larder.Registry.Webhooks;

/// <summary>
/// All webhooks, from memory for <see cref="Fresh"/>: a change that is an event asks which webhooks might take it, and mostly there are none. What this server changes of them counts at once;
/// what another server makes, enables or gives more events counts here within that time. It says which may take an event; whether one still does, its document says.
/// </summary>
/// <param name="documents">Where they are.</param>
/// <param name="time">For the age of what is in memory.</param>
internal sealed class WebhookList(IDocumentStore documents, TimeProvider time)
{
    /// <summary>How long a list is taken from memory. docs/webhooks.md says it.</summary>
    internal static readonly TimeSpan Fresh = TimeSpan.FromSeconds(5);

    private const int ScanPage = 500;

    private readonly Lock _lock = new();

    // How often this server changed a webhook: a list that was begun before a change is not kept behind it.
    private int _changes;
    private Known? _known;

    /// <summary>All webhooks as they are stored, deleted ones too that are not gone yet.</summary>
    public async Task<IReadOnlyList<Webhook>> ReadAsync(CancellationToken cancellationToken = default)
    {
        var changes = Volatile.Read(ref _changes);
        // Before the read: what is stored after it began may be missing.
        var begun = time.GetTimestamp();
        var all = new List<Webhook>();
        await foreach (var found in documents.ListAllAsync(Webhook.Collection, Webhook.Partition, ScanPage, cancellationToken))
            all.Add(found.Value);
        lock (_lock)
        {
            if (changes == _changes && (_known is null || _known.Begun < begun))
                _known = new Known(begun, all);
        }
        return all;
    }

    /// <summary>The same, as they were within the last <see cref="Fresh"/>.</summary>
    public ValueTask<IReadOnlyList<Webhook>> KnownAsync() =>
        Volatile.Read(ref _known) is { } known && time.GetElapsedTime(known.Begun) < Fresh ? new(known.Webhooks) : new(ReadAsync());

    /// <summary>A webhook as it is stored now; null when it is gone.</summary>
    public async Task<Webhook?> FindAsync(string id) => (await documents.GetAsync(Webhook.Collection, Webhook.Partition, id))?.Value;

    /// <summary>Says that this server has changed a webhook, or may have: its next event reads them again.</summary>
    public void Changed()
    {
        lock (_lock)
        {
            _changes++;
            _known = null;
        }
    }

    private sealed record Known(long Begun, IReadOnlyList<Webhook> Webhooks);
}
