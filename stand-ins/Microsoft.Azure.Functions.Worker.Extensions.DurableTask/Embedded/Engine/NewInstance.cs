using Azure;
using Microsoft.DurableTask.Client;

namespace Microsoft.DurableTask.Embedded;

/// <summary>Stores an instance that is new, in place of one of its id that has ended.</summary>
/// <param name="store">Where.</param>
/// <param name="document">The instance.</param>
internal sealed class NewInstance(HubStore store, InstanceDocument document)
{
    /// <summary>The instance.</summary>
    public InstanceDocument Document { get; private set; } = document;

    /// <summary>Which write it was, when it is stored.</summary>
    public ETag ETag { get; private set; }

    /// <summary>The instance that has its id, when it was not stored.</summary>
    public StoredInstance? Existing { get; private set; }

    /// <summary>The document of a new instance.</summary>
    public static InstanceDocument Describe(string instance, string name, string version, DateTimeOffset now) => new()
    {
        Instance = instance,
        Name = name,
        Version = version,
        Execution = $"{Guid.NewGuid():N}",
        Commit = $"{Guid.NewGuid():N}",
        Status = OrchestrationRuntimeStatus.Pending,
        Created = now,
        Updated = now,
    };

    /// <summary>Tries to store it.</summary>
    /// <returns>False when there is one of its id that still has something to do, or when it was stored before, by an earlier delivery of its start.</returns>
    public async Task<bool> TryCreateAsync(CancellationToken cancellationToken)
    {
        ETag? previous = null;
        while (true)
        {
            if (await store.InContainerAsync(() => store.Instances.WriteAsync(Document, previous, cancellationToken), cancellationToken) is { } written)
            {
                ETag = written;
                return true;
            }

            Existing = await store.Instances.ReadAsync(Document.Instance, cancellationToken);
            if (Existing is { Document: var existing } && (existing.IsActive || (existing.Start is not null && existing.Start == Document.Start)))
                return false;
            previous = Existing?.ETag;
            Document = Document with { Outbox = Existing is { Document: { HasBlobs: true } old } ? [Sweep(old)] : [] };
        }
    }

    private OutboxMessage Sweep(InstanceDocument old) =>
        new($"{Document.Execution}.replaced", OutboxKind.Sweep, BlobNames.DataOf(old.Instance, old.Execution));
}
