using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Larder.Registry.Audit;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Models;
using Larder.Registry.Storage;
using Larder.Registry.Text;

namespace Larder.Registry.Schedules;

/// <summary>
/// The schedules' documents. Every change is one compare-and-swap, repeated after a lost race. Changes that callers ask for have an audit record; the progress of runs has none.
/// </summary>
/// <remarks>All methods throw <see cref="StorageUnavailableException"/> during an outage.</remarks>
public sealed class ScheduleStore
{
    /// <summary>The most items that one page of a list has.</summary>
    public const int MaxPage = 1000;

    /// <summary>The most runs that are kept of a schedule; the oldest go first.</summary>
    public const int MaxRuns = 100;

    // The id of the one document that a schedule has in its partition.
    internal const string DocumentId = "schedule";
    private const int ScanPage = 1000;
    private const string CursorKind = "schedule:";
    private const string Secret = "***";
    private const string OtherSecret = "*** (another one)";

    // Members that callers do not set, or that must not be shown.
    private static readonly string[] Unrecorded = ["id", "created", "updated", "revision", "progress", "outbox", "deleted", "secrets", "maker"];

    private static readonly Dictionary<string, string> NoSecrets = [];

    internal static readonly DocumentCollection<Schedule> Collection = RegistryJson.Collection<Schedule>("schedules");

    private readonly IDocumentStore _documents;
    private readonly AuditLog _log;
    private readonly DocumentUpdater<Schedule> _updater;

    /// <summary>The schedules of a document store.</summary>
    /// <param name="documents">The store: each schedule is in a partition of its own, so that a scan has the newest first.</param>
    /// <param name="log">Where the records of changes go that callers ask for.</param>
    public ScheduleStore(IDocumentStore documents, AuditLog log)
    {
        (_documents, _log) = (documents, log);
        _updater = new DocumentUpdater<Schedule>(documents, Collection, WriteAsync);
    }

    /// <summary>Stores a new schedule.</summary>
    /// <param name="schedule">The schedule.</param>
    /// <param name="actor">Who makes it.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="InvalidRequestException">A text of it is too long.</exception>
    /// <exception cref="DocumentExistsException">The id is taken.</exception>
    public Task<Schedule> CreateAsync(Schedule schedule, string actor, CancellationToken cancellationToken = default) =>
        CreateAsync(schedule, "create", actor, schedule.Created, known: 0, cancellationToken);

    /// <summary>Stores a schedule that comes from an archive. A schedule of its id may have existed before: its audit revisions continue.</summary>
    /// <param name="schedule">The schedule.</param>
    /// <param name="actor">Who imports it.</param>
    /// <param name="now">When.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <inheritdoc cref="CreateAsync(Schedule, string, CancellationToken)"/>
    public async Task<Schedule> ImportAsync(Schedule schedule, string actor, DateTimeOffset now, CancellationToken cancellationToken = default)
    {
        var newest = await _log.NewestAsync(AuditSubject.OfSchedule(schedule.Id), cancellationToken);
        var outbox = new AuditOutbox { Last = newest?.Revision ?? 0, Newest = newest?.When };
        return await CreateAsync(schedule with { Outbox = outbox }, "import", actor, now, outbox.Last, cancellationToken);
    }

    /// <summary>A schedule.</summary>
    /// <exception cref="NotFoundException">There is none of that id, or it can be no id, and then nothing is read.</exception>
    public async Task<Schedule> GetAsync(string id, CancellationToken cancellationToken = default) => (await ReadAsync(id, cancellationToken)).Value;

    /// <summary>Changes a schedule.</summary>
    /// <param name="id">Which.</param>
    /// <param name="change">What to make of it; called again for every try. The same instance means that nothing is to be written.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The schedule after it.</returns>
    /// <exception cref="NotFoundException">There is no such schedule.</exception>
    /// <exception cref="InvalidRequestException">A text of it is too long now.</exception>
    public async Task<Schedule> ChangeAsync(string id, Func<Schedule, Task<Schedule>> change, CancellationToken cancellationToken = default)
    {
        var updated = await UpdateAsync(id, ChangeAsync, cancellationToken);
        return updated.Value;

        async Task<Schedule> ChangeAsync(Schedule schedule)
        {
            var next = await change(schedule);
            if (ReferenceEquals(next, schedule))
                return schedule;
            if (next.Id != id)
                throw new InvalidOperationException("A schedule keeps its id.");
            Validate(next);
            return next;
        }
    }

    /// <summary>Changes a schedule for a caller: the change has an audit record and gives the schedule another revision. Nothing is written if nothing differs.</summary>
    /// <param name="id">Which.</param>
    /// <param name="revision">The revision that it must have; null for any.</param>
    /// <param name="what"><see cref="AuditRecord.What"/>.</param>
    /// <param name="actor">Who.</param>
    /// <param name="change">As for <see cref="ChangeAsync"/>.</param>
    /// <param name="now">When.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="NotFoundException">There is no such schedule.</exception>
    /// <exception cref="PreconditionFailedException">It has another revision.</exception>
    public Task<Schedule> ReviseAsync(
        string id,
        string? revision,
        string what,
        string actor,
        Func<Schedule, Task<Schedule>> change,
        DateTimeOffset now,
        CancellationToken cancellationToken = default) =>
        ChangeAsync(
            id,
            async schedule =>
            {
                RequireRevision(schedule, revision);
                var next = await change(schedule);
                var recorded = Recorded(schedule, next, what, actor, now);
                return ReferenceEquals(recorded, next) ? schedule : recorded with { Revision = schedule.Revision + 1, Updated = now };
            },
            cancellationToken);

    /// <summary>Records a manual run, with an audit record.</summary>
    /// <param name="id">Which.</param>
    /// <param name="job">The id of the job.</param>
    /// <param name="actor">Who.</param>
    /// <param name="change">As for <see cref="ChangeAsync"/>: adds the run. The same instance means that the run is recorded already.</param>
    /// <param name="now">When.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="NotFoundException">There is no such schedule.</exception>
    public Task<Schedule> RecordRunAsync(
        string id, string job, string actor, Func<Schedule, Schedule> change, DateTimeOffset now, CancellationToken cancellationToken = default) =>
        ChangeAsync(
            id,
            schedule =>
            {
                var next = change(schedule);
                var record = new AuditRecord
                {
                    Subject = AuditSubject.OfSchedule(id), When = now, Who = actor, What = "run", After = AuditValues.Shown(new JsonObject { ["job"] = job }),
                };
                return Task.FromResult(ReferenceEquals(next, schedule) ? schedule : next with { Outbox = next.Outbox.Add(record) });
            },
            cancellationToken);

    /// <summary>Deletes a schedule. Its jobs stay.</summary>
    /// <param name="id">Which.</param>
    /// <param name="revision">The revision that it must have; null for any.</param>
    /// <param name="actor">Who.</param>
    /// <param name="now">When.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="NotFoundException">There is no such schedule.</exception>
    /// <exception cref="PreconditionFailedException">It has another revision.</exception>
    public async Task DeleteAsync(string id, string? revision, string actor, DateTimeOffset now, CancellationToken cancellationToken = default)
    {
        // The schedule is deleted with this write (soft delete). Its document is removed when the record is in the _log.
        await UpdateAsync(
            id,
            schedule =>
            {
                RequireRevision(schedule, revision);
                var record = new AuditRecord
                {
                    Subject = AuditSubject.OfSchedule(id), When = now, Who = actor, What = "delete", Before = AuditValues.Between(Described(schedule), null).Before,
                };
                return Task.FromResult(schedule with { Deleted = true, Secrets = NoSecrets, Outbox = schedule.Outbox.Add(record) });
            },
            cancellationToken);
    }

    /// <summary>Collects garbage: writes audit records that crashes left in schedules' documents to the log, and removes the documents of deleted schedules.</summary>
    /// <param name="since">Documents that changed after this time are checked.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>How many records were missing, and how many documents were left.</returns>
    internal async Task<(int Records, int Documents)> CollectAsync(DateTimeOffset since, CancellationToken cancellationToken)
    {
        var (records, left) = (0, 0);
        await foreach (var found in _documents.ScanAllAsync(Collection, ScanPage, cancellationToken))
        {
            if (!found.Value.Deleted && !(found.Value.Outbox.Newest >= since))
                continue;
            records += await FinishAsync(found, found.Value.Outbox.Last) ?? 0;
            left += found.Value.Deleted ? 1 : 0;
        }

        return (records, left);
    }

    /// <summary>Writes audit records that a crash may have left in a schedule's document to the log.</summary>
    internal async Task CompleteAuditAsync(string id, CancellationToken cancellationToken)
    {
        if (JobId.IsValid(id) && await _documents.GetAsync(Collection, id, DocumentId, cancellationToken) is { } found)
            await FinishAsync(found, found.Value.Outbox.Last);
    }

    /// <summary>The schedules that fit a filter, the newest first. It reads all of them to count those that fit.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="limit">The most items: 1 to <see cref="MaxPage"/>.</param>
    /// <param name="cursor">From the page before, with the same filter; null for the first.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="InvalidRequestException">The limit is out of range, or the cursor is none.</exception>
    public async Task<SchedulePage> ListAsync(ScheduleFilter filter, int limit, string? cursor = null, CancellationToken cancellationToken = default)
    {
        if (limit is < 1 or > MaxPage)
            throw new InvalidRequestException($"The limit must be 1 to {MaxPage}; it is {limit}.");
        var after = cursor is null ? "" : Cursors.Read(CursorKind, cursor, JobId.IsValid);
        var items = new List<Schedule>();
        var (total, more) = (0, false);
        await foreach (var schedule in ScanAsync(cancellationToken))
        {
            if (!filter.Matches(schedule))
                continue;
            total++;
            if (string.CompareOrdinal(schedule.Id, after) <= 0)
                continue;
            if (items.Count < limit)
                items.Add(schedule);
            else
                more = true;
        }

        return new SchedulePage(items, more ? Cursors.Write(CursorKind, items[^1].Id) : null, total);
    }

    /// <summary>The schedules, paused ones too, whose jobs need a model or one version of it.</summary>
    /// <param name="reference">The model, with the number of a version for that version only.</param>
    /// <param name="most">The most schedules to look for.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public async Task<IReadOnlyList<Schedule>> NeedingAsync(ModelReference reference, int most, CancellationToken cancellationToken = default)
    {
        var needing = new List<Schedule>();
        await foreach (var schedule in ScanAsync(cancellationToken))
        {
            if (!schedule.Job.Needs(reference))
                continue;
            needing.Add(schedule);
            if (needing.Count == most)
                break;
        }

        return needing;
    }

    /// <summary>All schedules, the newest first: a listing call for each thousand, and a read for each that changed since this process listed it last.</summary>
    public async IAsyncEnumerable<Schedule> ScanAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var found in _documents.ScanAllAsync(Collection, ScanPage, cancellationToken))
        {
            if (!found.Value.Deleted)
                yield return found.Value;
        }
    }

    /// <summary>How many schedules there are. It reads all of them.</summary>
    public async Task<int> CountAsync(CancellationToken cancellationToken = default)
    {
        var count = 0;
        await foreach (var _ in ScanAsync(cancellationToken))
            count++;
        return count;
    }

    private async Task<Document<Schedule>> UpdateAsync(string id, Func<Schedule, Task<Schedule>> change, CancellationToken cancellationToken)
    {
        if (!JobId.IsValid(id))
            throw NotFound(id);
        return (await _updater.UpdateAsync(id, DocumentId, $"the schedule {id}", TryAsync, cancellationToken))!;

        async Task<Schedule?> TryAsync(Document<Schedule>? read) => await change(read is { Value.Deleted: false } ? read.Value : throw NotFound(id));
    }

    private async Task<Document<Schedule>> WriteAsync(Document<Schedule>? read, Schedule next, CancellationToken cancellationToken)
    {
        // Updates are only of schedules that exist; CreateAsync writes new ones.
        var known = read!.Value.Outbox;
        next = next with { Outbox = await _log.PrepareAsync(known, next.Outbox) };
        var stored = await _documents.WriteAsync(Collection, read.Partition, DocumentId, read, next, cancellationToken);
        await FinishAsync(stored, known.Last);
        return stored;
    }

    /// <summary>Writes the records of the outbox to the log, then removes the document of a deleted schedule. The garbage collector repeats what fails.</summary>
    private async Task<int?> FinishAsync(Document<Schedule> stored, int known)
    {
        var written = await _log.TryWriteAsync(stored.Value.Outbox, known);
        if (written is null || !stored.Value.Deleted)
            return written;
        try
        {
            await _documents.TryDeleteAsync(Collection, stored, CancellationToken.None);
        }
        catch (StorageUnavailableException)
        {
            // Readers do not see the schedule any more; the garbage collector removes the document.
        }

        return written;
    }

    private async Task<Schedule> CreateAsync(Schedule schedule, string what, string actor, DateTimeOffset now, int known, CancellationToken cancellationToken)
    {
        if (!JobId.IsValid(schedule.Id))
            throw new ArgumentException($"{Quoted.Text(schedule.Id)} is not a schedule's id.", nameof(schedule));
        Validate(schedule);
        schedule = Recorded(null, schedule, what, actor, now);
        await _documents.CreateAsync(Collection, schedule.Id, DocumentId, schedule, cancellationToken);
        await _log.TryWriteAsync(schedule.Outbox, known);
        return schedule;
    }

    /// <summary>The next schedule with the record of what differs; the same instance when nothing does.</summary>
    private static Schedule Recorded(Schedule? before, Schedule next, string what, string actor, DateTimeOffset now)
    {
        var (was, isNow) = AuditValues.Between(before is null ? null : Described(before), Described(next, before));
        return was is null && isNow is null
            ? next
            : next with
            {
                Outbox = (before ?? next).Outbox.Add(new AuditRecord
                {
                    Subject = AuditSubject.OfSchedule(next.Id), When = now, Who = actor, What = what, Before = was, After = isNow,
                }),
            };
    }

    private static JsonObject Described(Schedule schedule, Schedule? before = null)
    {
        var described = AuditValues.Of(schedule);
        foreach (var member in Unrecorded)
            described.Remove(member);
        // The names of secrets, and which values changed; never the values.
        described["secrets"] = new JsonObject(schedule.Secrets.Select(secret => KeyValuePair.Create(
            secret.Key,
            (JsonNode?)(before?.Secrets.TryGetValue(secret.Key, out var old) == true && old != secret.Value ? OtherSecret : Secret))));
        return described;
    }

    private async Task<Document<Schedule>> ReadAsync(string id, CancellationToken cancellationToken) =>
        JobId.IsValid(id) && await _documents.GetAsync(Collection, id, DocumentId, cancellationToken) is { Value.Deleted: false } found
            ? found
            : throw NotFound(id);

    private static NotFoundException NotFound(string id) => new($"There is no schedule {Quoted.Text(id)}.");

    /// <summary>Refuses texts that are too long.</summary>
    /// <exception cref="InvalidRequestException">One of them is.</exception>
    internal static void Validate(Schedule schedule)
    {
        FieldLimits.ValidateShort(schedule.Name, "name");
        FieldLimits.ValidateShort(schedule.Cron, "cron expression");
        FieldLimits.ValidateShort(schedule.TimeZone, "time zone");
        FieldLimits.ValidateShort(schedule.Owner, "owner");
        FieldLimits.ValidateDescription(schedule.Description);
    }

    private static void RequireRevision(Schedule schedule, string? revision)
    {
        if (revision?.Split(',').Contains($"{schedule.Revision}") == false)
            throw new PreconditionFailedException($"The schedule {schedule.Id} has changed since it was read: read it again.");
    }
}
