using System.Runtime.CompilerServices;
using System.Text.Json;
using Larder.Registry.Errors;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Storage;
using Larder.Registry.Text;

namespace Larder.Registry.Jobs;

/// <summary>The jobs' documents. Every change is one compare-and-swap; races are run again.</summary>
/// <remarks>All methods throw <see cref="StorageUnavailableException"/> during an outage.</remarks>
/// <param name="documents">Where they are.</param>
/// <param name="time">For the age of idempotency keys.</param>
/// <param name="follower">Is told of jobs that end; null for none.</param>
public sealed class JobStore(IDocumentStore documents, TimeProvider time, IJobFollower? follower = null)
{
    /// <summary>The most items that one page of a list has.</summary>
    public const int MaxPage = 1000;

    private const int ScanPage = 1000;

    // What a cursor of a list of jobs begins with, below its encoding.
    private const string CursorKind = "job:";

    private static readonly JsonElement NoOptions = JsonSerializer.SerializeToElement(new { });

    private readonly DocumentUpdater<JobDocument> _updater = new(documents, JobCollections.Jobs);

    /// <summary>Stores a new job.</summary>
    /// <exception cref="DocumentExistsException">The id is taken.</exception>
    public Task<Job> CreateAsync(Job job, CancellationToken cancellationToken = default) => CreateAsync(job, key: null, cancellationToken);

    /// <summary>A job.</summary>
    /// <exception cref="NotFoundException">There is none of that id, or it can be no id, and then nothing is read.</exception>
    public async Task<Job> GetAsync(string id, CancellationToken cancellationToken = default) => (await ReadAsync(id, cancellationToken)).Value.Job;

    /// <summary>
    /// Changes a job. One in a final state is not changed any more, and comes back as it is. A state never goes back: where the change asks for that,
    /// the state stays and the rest changes.
    /// </summary>
    /// <param name="id">The job.</param>
    /// <param name="change">What to make of it; called again for every try. The same instance means that nothing is to be written.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The job after it.</returns>
    /// <exception cref="NotFoundException">There is no such job.</exception>
    public async Task<Job> UpdateAsync(string id, Func<Job, Job> change, CancellationToken cancellationToken = default)
    {
        if (!JobId.IsValid(id))
            throw NotFound(id);
        var updated = await _updater.UpdateAsync(id, JobCollections.JobId, $"the job {id}", Change, cancellationToken);
        try
        {
            await TellAsync(updated!);
        }
        catch (StorageUnavailableException)
        {
            // The job has ended; that it has is told by TellEndsAsync.
        }
        return updated!.Value.Job;

        JobDocument Change(Document<JobDocument>? read)
        {
            var (document, job) = (read?.Value ?? throw NotFound(id), read.Value.Job);
            var next = job.IsFinal ? job : change(job);
            if (ReferenceEquals(next, job))
                return document;
            if (next.Id != job.Id)
                throw new InvalidOperationException("A job keeps its id.");
            next = next.State < job.State ? next with { State = job.State } : next;
            return document with { Job = next, IsEndUntold = next.IsFinal && follower is not null ? true : null };
        }
    }

    /// <summary>Tells the follower of ends that a server crashed before telling.</summary>
    /// <param name="since">Of jobs since then (<see cref="JobId"/>).</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>How many.</returns>
    internal async Task<int> TellEndsAsync(DateTimeOffset since, CancellationToken cancellationToken)
    {
        var told = 0;
        await foreach (var found in documents.ScanAllAsync(JobCollections.Jobs, ScanPage, cancellationToken))
        {
            if (JobId.IsBefore(found.Value.Job.Id, since))
                break;
            told += await TellAsync(found) ? 1 : 0;
        }
        return told;
    }

    /// <summary>
    /// The jobs that fit a filter, the newest first. It reads all jobs to count those that fit: one listing call for a thousand of them, and
    /// a read for each that changed since this process listed it last.
    /// </summary>
    /// <param name="filter">Which jobs.</param>
    /// <param name="limit">The most items: 1 to <see cref="MaxPage"/>.</param>
    /// <param name="cursor">From the page before, with the same filter; null for the first. Jobs that come meanwhile are not on later pages.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="InvalidRequestException">The limit is out of range, or the cursor is none.</exception>
    public async Task<JobPage> ListAsync(JobFilter filter, int limit, string? cursor = null, CancellationToken cancellationToken = default)
    {
        if (limit is < 1 or > MaxPage)
            throw new InvalidRequestException($"The limit must be 1 to {MaxPage}; it is {limit}.");
        var after = cursor is null ? "" : Cursors.Read(CursorKind, cursor, JobId.IsValid);
        var items = new List<Job>();
        var (total, more) = (0, false);
        await foreach (var job in ScanAsync(filter, cancellationToken))
        {
            total++;
            if (string.CompareOrdinal(job.Id, after) <= 0)
                continue;
            if (items.Count < limit)
                items.Add(job);
            else
                more = true;
        }

        return new JobPage(items, more ? Cursors.Write(CursorKind, items[^1].Id) : null, total);
    }

    /// <summary>Deletes a job that is over, and releases its idempotency key. Its files are not touched (<see cref="JobFiles.DeleteAsync"/>).</summary>
    /// <exception cref="NotFoundException">There is no such job.</exception>
    /// <exception cref="ConflictException">It is not over.</exception>
    public async Task DeleteAsync(string id, CancellationToken cancellationToken = default)
    {
        var found = await ReadAsync(id, cancellationToken);
        if (!found.Value.Job.IsFinal)
            throw new ConflictException($"The job {id} is not over: cancel it first, then delete it.");
        if (await TellAsync(found))
            found = await ReadAsync(id, cancellationToken);

        // First, or a request under this key would make the deleted job again.
        if (found.Value.Key is { } key)
            await ReleaseAsync(key, id, cancellationToken);
        await documents.DeleteAsync(JobCollections.Jobs, id, JobCollections.JobId, found.ETag, cancellationToken);
    }

    /// <summary>All jobs, the newest first. Its cost is that of <see cref="ListAsync"/>.</summary>
    public IAsyncEnumerable<Job> ScanAsync(CancellationToken cancellationToken = default) => ScanAsync(since: null, cancellationToken);

    /// <summary>All jobs that fit a filter, the newest first, as they are read. Its cost is that of <see cref="ListAsync"/>.</summary>
    public async IAsyncEnumerable<Job> ScanAsync(JobFilter filter, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var job in ScanAsync(cancellationToken))
        {
            if (filter.Matches(job))
                yield return job;
        }
    }

    /// <summary>The jobs about what happened since then, the newest first. Older ones are not read, but for a page.</summary>
    /// <param name="since">As <see cref="JobId"/> has it; null for all jobs.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public async IAsyncEnumerable<Job> ScanAsync(DateTimeOffset? since, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var found in documents.ScanAllAsync(JobCollections.Jobs, ScanPage, cancellationToken))
        {
            if (since is { } first && JobId.IsBefore(found.Value.Job.Id, first))
                yield break;
            yield return found.Value.Job;
        }
    }

    /// <summary>Refuses what <see cref="CreateOnceAsync"/> would, before anything is stored.</summary>
    /// <exception cref="InvalidRequestException">The key is none.</exception>
    public static void ValidateKey(string key) => FieldLimits.ValidateKey(key, "idempotency key");

    /// <summary>
    /// Stores a job once for an idempotency key. Requests with the same key and fingerprint, at the same time or later, get the job that exists. When
    /// the first request crashed after taking the key, the next one creates the job from the draft that is stored with the key. A key works until its job is deleted.
    /// </summary>
    /// <param name="key">The client's, 1 to 255 printable characters.</param>
    /// <param name="fingerprint">Equal for equal requests, such as a hash of all that was asked for.</param>
    /// <param name="job">The job to create. What comes back may have another id: files of the job are to be written only then.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The job, and whether this call created it. One that is not new may still wait for what its creator was about to do with it.</returns>
    /// <exception cref="InvalidRequestException">The key is none.</exception>
    /// <exception cref="ConflictException">The key was used for something else.</exception>
    public async Task<(Job Job, bool IsNew)> CreateOnceAsync(
        string key, string fingerprint, Job job, CancellationToken cancellationToken = default)
    {
        ValidateKey(key);
        var hash = TextHash.Of(key);
        var backoff = new Backoff("the jobs of this idempotency key");
        while (true)
        {
            if (await TryCreateOnceAsync(hash, fingerprint, Storable(job), cancellationToken) is { } done)
                return done;
            await backoff.NextAsync(cancellationToken);
        }
    }

    /// <summary>The job that a key stands for; null when the key is free, or taken and its job not created yet. Nothing is written.</summary>
    /// <param name="key">As for <see cref="CreateOnceAsync"/>.</param>
    /// <param name="fingerprint">As for <see cref="CreateOnceAsync"/>.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="InvalidRequestException">The key is not valid.</exception>
    /// <exception cref="ConflictException">The key was used for another request.</exception>
    public async Task<Job?> FindOnceAsync(string key, string fingerprint, CancellationToken cancellationToken = default)
    {
        ValidateKey(key);
        if (await KeyAsync(TextHash.Of(key), cancellationToken) is not { } taken)
            return null;
        RequireSame(taken.Value, fingerprint);
        return (await FindAsync(taken.Value.Draft.Id, cancellationToken))?.Value.Job;
    }

    /// <summary>Deletes keys that were taken before a time and have no job: the server crashed while it created or deleted the job.</summary>
    /// <returns>How many.</returns>
    internal async Task<int> CollectKeysAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        var removed = 0;
        await foreach (var key in documents.ScanAllAsync(JobCollections.Keys, ScanPage, cancellationToken))
        {
            if (key.Value.Taken < before
                && await FindAsync(key.Value.Draft.Id, cancellationToken) is null
                && await TryDeleteAsync(key, cancellationToken))
            {
                removed++;
            }
        }

        return removed;
    }

    private async Task<Job> CreateAsync(Job job, string? key, CancellationToken cancellationToken)
    {
        if (!JobId.IsValid(job.Id))
            throw new ArgumentException($"{Quoted.Text(job.Id)} is not a job's id.", nameof(job));
        job = Storable(job);
        await documents.CreateAsync(JobCollections.Jobs, job.Id, JobCollections.JobId, new JobDocument { Job = job, Key = key }, cancellationToken);
        return job;
    }

    /// <summary>Tells the follower that a job has ended, if it was not told, and notes that.</summary>
    private async Task<bool> TellAsync(Document<JobDocument> job)
    {
        if (job.Value.IsEndUntold != true || follower is null)
            return false;
        await follower.EndedAsync(job.Value.Job);
        try
        {
            await documents.ReplaceAsync(JobCollections.Jobs, job.Partition, job.Id, job.Value with { IsEndUntold = null }, job.ETag);
        }
        catch (ETagMismatchException)
        {
            // Another server told it, too, or the job is deleted: telling again changes nothing.
        }
        return true;
    }

    private async Task<Document<JobDocument>> ReadAsync(string id, CancellationToken cancellationToken) =>
        JobId.IsValid(id) && await FindAsync(id, cancellationToken) is { } found
            ? found
            : throw NotFound(id);

    private static NotFoundException NotFound(string id) => new($"There is no job {Quoted.Text(id)}.");

    private Task<Document<JobDocument>?> FindAsync(string id, CancellationToken cancellationToken) =>
        documents.GetAsync(JobCollections.Jobs, id, JobCollections.JobId, cancellationToken);

    // A JsonElement that was never set is not even null, and cannot be serialised.
    private static Job Storable(Job job) => job.Options.ValueKind == JsonValueKind.Undefined ? job with { Options = NoOptions } : job;

    private static void RequireSame(JobKeyDocument taken, string fingerprint)
    {
        if (taken.Fingerprint != fingerprint)
            throw new ConflictException("This idempotency key was used for another request: use a new key for each request that is not the same.");
    }

    private async Task<(Job Job, bool IsNew)?> TryCreateOnceAsync(string hash, string fingerprint, Job job, CancellationToken cancellationToken)
    {
        var draft = job;
        if (await KeyAsync(hash, cancellationToken) is { } taken)
        {
            RequireSame(taken.Value, fingerprint);
            draft = taken.Value.Draft;
            if (await FindAsync(draft.Id, cancellationToken) is { } found)
                return (found.Value.Job, false);

            // The creator has crashed, or is just about to create the job. The conditional write fails if the key was released or collected meanwhile.
            if (!await TryTakeUpAsync(taken, cancellationToken))
                return null;
        }
        else if (!await TryTakeAsync(hash, new JobKeyDocument { Fingerprint = fingerprint, Draft = job, Taken = time.GetUtcNow() }, cancellationToken))
        {
            return null;
        }

        var isNew = await TryCreateAsync(draft, hash, cancellationToken);

        // Between the two writes another request may have created the job, and deleted it when it was over: then it must not exist again.
        if (isNew && (await KeyAsync(hash, cancellationToken))?.Value.Draft.Id != draft.Id)
        {
            await TryDeleteAsync(await FindAsync(draft.Id, cancellationToken), cancellationToken);
            return null;
        }

        return isNew ? (draft, true) : await FindAsync(draft.Id, cancellationToken) is { } other ? (other.Value.Job, false) : null;
    }

    private async Task<bool> TryTakeAsync(string hash, JobKeyDocument key, CancellationToken cancellationToken)
    {
        try
        {
            await documents.CreateAsync(JobCollections.Keys, hash, JobCollections.KeyId, key, cancellationToken);
            return true;
        }
        catch (DocumentExistsException)
        {
            return false;
        }
    }

    private async Task<bool> TryTakeUpAsync(Document<JobKeyDocument> key, CancellationToken cancellationToken)
    {
        try
        {
            await documents.ReplaceAsync(
                JobCollections.Keys, key.Partition, key.Id, key.Value with { Taken = time.GetUtcNow() }, key.ETag, cancellationToken);
            return true;
        }
        catch (ETagMismatchException)
        {
            return false;
        }
    }

    private async Task<bool> TryCreateAsync(Job job, string hash, CancellationToken cancellationToken)
    {
        try
        {
            await CreateAsync(job, hash, cancellationToken);
            return true;
        }
        catch (DocumentExistsException)
        {
            return false;
        }
    }

    private async Task ReleaseAsync(string hash, string job, CancellationToken cancellationToken)
    {
        var backoff = new Backoff("the jobs of this idempotency key");
        while (await KeyAsync(hash, cancellationToken) is { } key && key.Value.Draft.Id == job && !await TryDeleteAsync(key, cancellationToken))
            await backoff.NextAsync(cancellationToken);
    }

    private Task<Document<JobKeyDocument>?> KeyAsync(string hash, CancellationToken cancellationToken) =>
        documents.GetAsync(JobCollections.Keys, hash, JobCollections.KeyId, cancellationToken);

    private Task<bool> TryDeleteAsync(Document<JobKeyDocument> key, CancellationToken cancellationToken) =>
        documents.TryDeleteAsync(JobCollections.Keys, key, cancellationToken);

    private async Task TryDeleteAsync(Document<JobDocument>? job, CancellationToken cancellationToken)
    {
        if (job is not null)
            await documents.TryDeleteAsync(JobCollections.Jobs, job, cancellationToken);
    }
}

/// <summary>Is told of jobs that reach their final state, each at least once: what it does must have the same result when it is done again.</summary>
public interface IJobFollower
{
    /// <summary>A job has ended.</summary>
    /// <exception cref="StorageUnavailableException">It could not do what it does; it is told again.</exception>
    Task EndedAsync(Job job);
}
