using System.Runtime.CompilerServices;
using System.Text.Json;
using Larder.Registry.Errors;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Models;
using Larder.Registry.Storage;

namespace Larder.Registry.Jobs;

/// <summary>The jobs' documents. Every change is one compare-and-swap; races are run again.</summary>
/// <remarks>All methods throw <see cref="StorageUnavailableException"/> during an outage.</remarks>
/// <param name="documents">Where they are.</param>
/// <param name="time">For the age of idempotency keys.</param>
public sealed partial class JobStore(IDocumentStore documents, TimeProvider time)
{
    /// <summary>The most items that one page of a list has.</summary>
    public const int MaxPage = 1000;

    private const int ScanPage = 1000;

    // What a cursor of a list of jobs begins with, below its encoding.
    private const string CursorKind = "job:";

    private static readonly JsonElement NoOptions = JsonSerializer.SerializeToElement(new { });

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
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The job after it.</returns>
    /// <exception cref="NotFoundException">There is no such job.</exception>
    public async Task<Job> UpdateAsync(string id, Func<Job, Job> change, CancellationToken cancellationToken = default)
    {
        var backoff = new Backoff($"the job {id}");
        while (true)
        {
            var read = await ReadAsync(id, cancellationToken);
            var job = read.Value.Job;
            var next = job.IsFinal ? job : change(job);
            if (ReferenceEquals(next, job))
                return job;
            if (next.Id != job.Id)
                throw new InvalidOperationException("A job keeps its id.");
            next = next.State < job.State ? next with { State = job.State } : next;
            try
            {
                await documents.ReplaceAsync(JobCollections.Jobs, id, JobCollections.JobId, read.Value with { Job = next }, read.ETag, cancellationToken);
                return next;
            }
            catch (ETagMismatchException)
            {
                await backoff.NextAsync(cancellationToken);
            }
        }
    }

    /// <summary>
    /// The jobs that fit a filter, the newest first. It reads all jobs to count those that fit: one listing call for a thousand of them, and
    /// a read for each that changed since this process listed it last.
    /// </summary>
    /// <param name="filter">Which jobs.</param>
    /// <param name="limit">The most items: 1 to <see cref="MaxPage"/>.</param>
    /// <param name="cursor">From the page before, with the same filter; null for the first. Jobs that come meanwhile are not on later pages.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="InvalidRequestException">The limit is out of range, or the cursor is none.</exception>
    public async Task<JobPage> ListAsync(JobFilter filter, int limit, string? cursor = null, CancellationToken cancellationToken = default)
    {
        if (limit is < 1 or > MaxPage)
            throw new InvalidRequestException($"The limit must be 1 to {MaxPage}; it is {limit}.");
        var after = cursor is null ? "" : Cursors.Read(CursorKind, cursor, JobId.IsValid);
        var items = new List<Job>();
        var (total, more) = (0, false);
        await foreach (var job in ScanAsync(cancellationToken))
        {
            if (!filter.Fits(job))
                continue;
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

        // First, or a request under this key would make the deleted job again.
        if (found.Value.Key is { } key)
            await ReleaseAsync(key, id, cancellationToken);
        await documents.DeleteAsync(JobCollections.Jobs, id, JobCollections.JobId, found.ETag, cancellationToken);
    }

    /// <summary>All jobs, the newest first. Its cost is that of <see cref="ListAsync"/>.</summary>
    public IAsyncEnumerable<Job> ScanAsync(CancellationToken cancellationToken = default) => ScanAsync(since: null, cancellationToken);

    /// <summary>The jobs about what happened since then, the newest first. Older ones are not read, but for a page.</summary>
    /// <param name="since">As <see cref="JobId"/> has it; null for all jobs.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async IAsyncEnumerable<Job> ScanAsync(DateTimeOffset? since, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var found in documents.ScanAllAsync(JobCollections.Jobs, ScanPage, cancellationToken))
        {
            if (since is { } first && JobId.IsBefore(found.Value.Job.Id, first))
                yield break;
            yield return found.Value.Job;
        }
    }

    private async Task<Job> CreateAsync(Job job, string? key, CancellationToken cancellationToken)
    {
        if (!JobId.IsValid(job.Id))
            throw new ArgumentException($"{ModelName.Shown(job.Id)} is not a job's id.", nameof(job));
        job = Storable(job);
        await documents.CreateAsync(JobCollections.Jobs, job.Id, JobCollections.JobId, new JobDocument { Job = job, Key = key }, cancellationToken);
        return job;
    }

    private async Task<Document<JobDocument>> ReadAsync(string id, CancellationToken cancellationToken) =>
        JobId.IsValid(id) && await FindAsync(id, cancellationToken) is { } found
            ? found
            : throw new NotFoundException($"There is no job {ModelName.Shown(id)}.");

    private Task<Document<JobDocument>?> FindAsync(string id, CancellationToken cancellationToken) =>
        documents.GetAsync(JobCollections.Jobs, id, JobCollections.JobId, cancellationToken);

    // An element that nobody set is not even null, and has no JSON.
    private static Job Storable(Job job) => job.Options.ValueKind == JsonValueKind.Undefined ? job with { Options = NoOptions } : job;
}
