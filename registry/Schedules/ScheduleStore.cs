using System.Runtime.CompilerServices;

namespace Larder.Registry;

/// <summary>The schedules' documents. Every change is one compare-and-swap; races are run again.</summary>
/// <remarks>All methods throw <see cref="StorageUnavailableException"/> during an outage.</remarks>
/// <param name="documents">Where they are: each in a partition of its own, so that a scan has the newest first.</param>
public sealed class ScheduleStore(IDocumentStore documents)
{
    /// <summary>The most items that one page of a list has.</summary>
    public const int MaxPage = 1000;

    /// <summary>The most runs that are kept of a schedule; the oldest go first.</summary>
    public const int MaxRuns = 100;

    // The id of the one document that a schedule has in its partition.
    internal const string DocumentId = "schedule";
    private const int ScanPage = 1000;
    private const string CursorKind = "schedule:";

    internal static readonly DocumentCollection<Schedule> Collection = RegistryJson.Collection<Schedule>("schedules");

    /// <summary>Stores a new schedule.</summary>
    /// <exception cref="InvalidRequestException">A text of it is too long.</exception>
    /// <exception cref="DocumentExistsException">The id is taken.</exception>
    public async Task<Schedule> CreateAsync(Schedule schedule, CancellationToken cancellation = default)
    {
        if (!JobId.IsValid(schedule.Id))
            throw new ArgumentException($"{ModelName.Shown(schedule.Id)} is not a schedule's id.", nameof(schedule));
        Validate(schedule);
        await documents.CreateAsync(Collection, schedule.Id, DocumentId, schedule, cancellation);
        return schedule;
    }

    /// <summary>A schedule.</summary>
    /// <exception cref="NotFoundException">There is none of that id, or it can be no id, and then nothing is read.</exception>
    public async Task<Schedule> GetAsync(string id, CancellationToken cancellation = default) => (await ReadAsync(id, cancellation)).Value;

    /// <summary>Changes a schedule.</summary>
    /// <param name="id">Which.</param>
    /// <param name="change">What to make of it; called again for every try. The same instance means that nothing is to be written.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>The schedule after it.</returns>
    /// <exception cref="NotFoundException">There is no such schedule.</exception>
    /// <exception cref="InvalidRequestException">A text of it is too long now.</exception>
    public async Task<Schedule> ChangeAsync(string id, Func<Schedule, Task<Schedule>> change, CancellationToken cancellation = default)
    {
        var backoff = new Backoff($"the schedule {id}");
        while (true)
        {
            var read = await ReadAsync(id, cancellation);
            var next = await change(read.Value);
            if (ReferenceEquals(next, read.Value))
                return next;
            if (next.Id != id)
                throw new InvalidOperationException("A schedule keeps its id.");
            Validate(next);
            try
            {
                await documents.ReplaceAsync(Collection, id, DocumentId, next, read.ETag, cancellation);
                return next;
            }
            catch (ETagMismatchException)
            {
                await backoff.NextAsync(cancellation);
            }
        }
    }

    /// <summary>Changes a schedule as people do: it counts as another revision.</summary>
    /// <param name="id">Which.</param>
    /// <param name="revision">The revision that it must have; null for any.</param>
    /// <param name="change">As for <see cref="ChangeAsync"/>.</param>
    /// <param name="now">When.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="NotFoundException">There is no such schedule.</exception>
    /// <exception cref="PreconditionFailedException">It has another revision.</exception>
    public Task<Schedule> ReviseAsync(
        string id, string? revision, Func<Schedule, Task<Schedule>> change, DateTimeOffset now, CancellationToken cancellation = default) =>
        ChangeAsync(
            id,
            async schedule =>
            {
                RequireRevision(schedule, revision);
                var next = await change(schedule);
                return ReferenceEquals(next, schedule) ? schedule : next with { Revision = schedule.Revision + 1, Updated = now };
            },
            cancellation);

    /// <summary>Deletes a schedule. Its jobs stay.</summary>
    /// <param name="id">Which.</param>
    /// <param name="revision">The revision that it must have; null for any.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="NotFoundException">There is no such schedule.</exception>
    /// <exception cref="PreconditionFailedException">It has another revision.</exception>
    public async Task DeleteAsync(string id, string? revision, CancellationToken cancellation = default)
    {
        var backoff = new Backoff($"the schedule {id}");
        while (true)
        {
            var read = await ReadAsync(id, cancellation);
            RequireRevision(read.Value, revision);
            if (await documents.TryDeleteAsync(Collection, read, cancellation))
                return;
            await backoff.NextAsync(cancellation);
        }
    }

    /// <summary>The schedules that fit a filter, the newest first. It reads all of them to count those that fit.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="limit">The most items: 1 to <see cref="MaxPage"/>.</param>
    /// <param name="cursor">From the page before, with the same filter; null for the first.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="InvalidRequestException">The limit is out of range, or the cursor is none.</exception>
    public async Task<SchedulePage> ListAsync(ScheduleFilter filter, int limit, string? cursor = null, CancellationToken cancellation = default)
    {
        if (limit is < 1 or > MaxPage)
            throw new InvalidRequestException($"The limit must be 1 to {MaxPage}; it is {limit}.");
        var after = cursor is null ? "" : Cursors.Read(CursorKind, cursor, JobId.IsValid);
        var items = new List<Schedule>();
        var (total, more) = (0, false);
        await foreach (var schedule in ScanAsync(cancellation))
        {
            if (!filter.Fits(schedule))
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

    /// <summary>All schedules, the newest first: a listing call for each thousand, and a read for each that changed since this process listed it last.</summary>
    public async IAsyncEnumerable<Schedule> ScanAsync([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await foreach (var found in documents.ScanAllAsync(Collection, ScanPage, cancellation))
            yield return found.Value;
    }

    private async Task<Document<Schedule>> ReadAsync(string id, CancellationToken cancellation) =>
        JobId.IsValid(id) && await documents.GetAsync(Collection, id, DocumentId, cancellation) is { } found
            ? found
            : throw new NotFoundException($"There is no schedule {ModelName.Shown(id)}.");

    /// <summary>Refuses texts that are too long.</summary>
    /// <exception cref="InvalidRequestException">One of them is.</exception>
    internal static void Validate(Schedule schedule)
    {
        Texts.ValidateShort(schedule.Name, "name");
        Texts.ValidateShort(schedule.Cron, "cron expression");
        Texts.ValidateShort(schedule.TimeZone, "time zone");
        Texts.ValidateShort(schedule.Owner, "owner");
        Texts.ValidateDescription(schedule.Description);
    }

    private static void RequireRevision(Schedule schedule, string? revision)
    {
        if (revision is not null && revision != $"{schedule.Revision}")
            throw new PreconditionFailedException($"The schedule {schedule.Id} has changed since it was read: read it again.");
    }
}
