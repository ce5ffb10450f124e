using System.Collections.Concurrent;
using Larder.Registry.Errors;
using Larder.Registry.Storage;
using Microsoft.Extensions.Logging;

namespace Larder.Registry.Audit;

/// <summary>
/// The audit log: records are written once and never changed. A change puts its record into its own document in the same write (<see cref="AuditOutbox"/>), so there is
/// one exactly if the change happened; then the record is created here, under a key that is made of what it is, so that doing so again changes nothing.
/// A record in an outbox that may be missing here is created by the next change, by a reader of that subject's history, or by the garbage collector.
/// </summary>
/// <param name="documents">Where records are.</param>
/// <param name="logger">Gets a warning when records could not be written and are left to a later write.</param>
/// <param name="follower">Is told of every record of a change before the record is in the log; null for none.</param>
public sealed partial class AuditLog(IDocumentStore documents, ILogger<AuditLog> logger, IAuditFollower? follower = null)
{
    private const int MaxRemembered = 10_000;
    private const int Parallelism = 8;

    // Deleting a version with all its aliases makes about a hundred.
    private const int MaxWaiting = 300;

    // What this process has written or is writing: it need not be looked for again.
    private readonly ConcurrentDictionary<string, Lazy<Task<bool>>> _writes = new();

    /// <summary>An outbox, before it is written with what is new in it, without the records that are in the log for all this process knows.</summary>
    /// <param name="read">The outbox that is stored.</param>
    /// <param name="next">The one that is to be.</param>
    /// <exception cref="StorageUnavailableException">So many wait that there may be no more, and they cannot be written now.</exception>
    internal async Task<AuditOutbox> PrepareAsync(AuditOutbox read, AuditOutbox next)
    {
        if (next.Records.Count > MaxWaiting)
            await WriteAsync(read.Records, read.Last);
        return next.Records.Any(IsWritten) ? next with { Records = [.. next.Records.Where(record => !IsWritten(record))] } : next;
    }

    /// <summary>Writes what is in the outbox of a document that is stored. What fails is retried by the next change, reader or garbage collection.</summary>
    /// <param name="outbox">The outbox.</param>
    /// <param name="known">Revisions above this one were not stored before: no other process can have written them.</param>
    /// <returns>How many were not there before; null when one of them may still not be.</returns>
    internal async Task<int?> TryWriteAsync(AuditOutbox outbox, int known)
    {
        try
        {
            return await WriteAsync(outbox.Records, known);
        }
        catch (Exception e)
        {
            // The change itself is stored and has been, or will be, acknowledged.
            LogPutOff(e, outbox.Records[0].Id, outbox.Records[^1].Id);
            return null;
        }
    }

    /// <summary>Writes a record under the next revision, if no other process has taken that revision (create-only).</summary>
    /// <returns>Whether it was.</returns>
    internal async Task<bool> TryAppendAsync(AuditRecord record, CancellationToken cancellationToken)
    {
        if (!await CreateAsync(AuditKeys.BySubject(record), record, isNew: true, cancellationToken))
            return false;
        await CreateAsync(AuditKeys.ByTime(record), record, isNew: true, cancellationToken);
        return true;
    }

    /// <summary>The newest record of a subject; null when it has none.</summary>
    internal async Task<AuditRecord?> NewestAsync(string subject, CancellationToken cancellationToken) =>
        (await documents.ListAsync(AuditKeys.Records, AuditSubject.RootOf(subject), 1, null, cancellationToken)).Documents is [var newest, ..] ? newest.Value : null;

    /// <summary>Writes a record, unless it is there.</summary>
    internal Task EnsureAsync(AuditRecord record) => WriteAsync([record], record.Revision);

    private async Task<int> WriteAsync(IReadOnlyList<AuditRecord> records, int known)
    {
        var written = 0;
        foreach (var some in records.Where(record => !IsWritten(record)).Chunk(Parallelism))
            written += (await Task.WhenAll(some.Select(record => WriteAsync(record, record.Revision > known)))).Count(isNew => isNew);
        return written;
    }

    private bool IsWritten(AuditRecord record) =>
        _writes.TryGetValue(record.Id, out var write) && write is { IsValueCreated: true, Value.IsCompletedSuccessfully: true };

    private async Task<bool> WriteAsync(AuditRecord record, bool isNew)
    {
        if (_writes.Count > MaxRemembered)
            _writes.Clear();
        var write = _writes.GetOrAdd(record.Id, _ => new Lazy<Task<bool>>(() => CreateAsync(record, isNew)));
        try
        {
            return await write.Value;
        }
        catch
        {
            _writes.TryRemove(KeyValuePair.Create(record.Id, write));
            throw;
        }
    }

    // Not cancelled with the request that made the change.
    private async Task<bool> CreateAsync(AuditRecord record, bool isNew)
    {
        // First, so that what is in the log was followed, whichever server wrote it and whichever crashed.
        if (follower?.Follows(record) == true && (isNew || !await IsThereAsync(AuditKeys.BySubject(record), CancellationToken.None)))
            await follower.FollowAsync(record);
        var created = await Task.WhenAll(
            CreateAsync(AuditKeys.BySubject(record), record, isNew, CancellationToken.None),
            CreateAsync(AuditKeys.ByTime(record), record, isNew, CancellationToken.None));
        return created.Contains(true);
    }

    private async Task<bool> CreateAsync((string Partition, string Id) key, AuditRecord record, bool isNew, CancellationToken cancellationToken)
    {
        // Most of what may be missing is there, and a read is cheaper than a write that is refused.
        if (!isNew && await IsThereAsync(key, cancellationToken))
            return false;
        try
        {
            await documents.CreateAsync(AuditKeys.Records, key.Partition, key.Id, record, cancellationToken);
            return true;
        }
        catch (DocumentExistsException)
        {
            return false;
        }
    }

    private async Task<bool> IsThereAsync((string Partition, string Id) key, CancellationToken cancellationToken) =>
        await documents.GetAsync(AuditKeys.Records, key.Partition, key.Id, cancellationToken) is not null;

    [LoggerMessage(1, LogLevel.Warning, "The records {First} to {Last} could not be written to the audit log; a later change, a reader of the history or the garbage collector writes them.")]
    private partial void LogPutOff(Exception exception, string first, string last);
}

/// <summary>
/// Is told of changes, each at least once: what it does must have the same result when it is done again. A record that it could not follow stays in its document's outbox, and comes again.
/// </summary>
public interface IAuditFollower
{
    /// <summary>Whether it has anything to do for a record.</summary>
    bool Follows(AuditRecord record);

    /// <summary>Does it. The record is in the log only after that.</summary>
    /// <exception cref="StorageUnavailableException">It could not; the record comes again.</exception>
    Task FollowAsync(AuditRecord record);
}
