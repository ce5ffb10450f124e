using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Storage;

namespace Larder.Registry.Jobs;

public sealed partial class JobStore
{
    /// <summary>Refuses what <see cref="CreateOnceAsync"/> would, before anything is stored.</summary>
    /// <exception cref="InvalidRequestException">The key is none.</exception>
    public static void ValidateKey(string key) => FieldLimits.ValidateKey(key, "idempotency key");

    /// <summary>
    /// Stores a job once for a key. Whoever comes with the same key and fingerprint, at the same time or later, gets the job that is there; also
    /// when the first one died half-way, and then it is created now as the first one meant it. A key works until its job is deleted.
    /// </summary>
    /// <param name="key">The client's, 1 to 255 printable characters.</param>
    /// <param name="fingerprint">Equal for equal requests, such as a hash of all that was asked for.</param>
    /// <param name="job">The job to create. What comes back may have another id: files of the job are to be written only then.</param>
    /// <param name="cancellationToken">Stops it.</param>
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

    /// <summary>Removes keys that were taken before a time and have no job: their client died with the server, or deletion did.</summary>
    /// <returns>How many.</returns>
    internal async Task<int> SweepKeysAsync(DateTimeOffset before, CancellationToken cancellationToken)
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

    private async Task<(Job Job, bool IsNew)?> TryCreateOnceAsync(string hash, string fingerprint, Job job, CancellationToken cancellationToken)
    {
        var draft = job;
        if (await KeyAsync(hash, cancellationToken) is { } taken)
        {
            RequireSame(taken.Value, fingerprint);
            draft = taken.Value.Draft;
            if (await FindAsync(draft.Id, cancellationToken) is { } found)
                return (found.Value.Job, false);

            // Its creator died, or is just about to. Taking the key up again shows that nobody released or swept it meanwhile.
            if (!await TryTakeUpAsync(taken, cancellationToken))
                return null;
        }
        else if (!await TryTakeAsync(hash, new JobKeyDocument { Fingerprint = fingerprint, Draft = job, Taken = time.GetUtcNow() }, cancellationToken))
        {
            return null;
        }

        var isNew = await TryCreateAsync(draft, hash, cancellationToken);

        // While this slept, somebody may have made the job, and deleted it when it was over: then it must not be there again.
        if (isNew && (await KeyAsync(hash, cancellationToken))?.Value.Draft.Id != draft.Id)
        {
            await TryDeleteAsync(await FindAsync(draft.Id, cancellationToken), cancellationToken);
            return null;
        }

        return isNew ? (draft, true) : await FindAsync(draft.Id, cancellationToken) is { } other ? (other.Value.Job, false) : null;
    }

    private static void RequireSame(JobKeyDocument taken, string fingerprint)
    {
        if (taken.Fingerprint != fingerprint)
            throw new ConflictException("This idempotency key was used for another request: use a new key for each request that is not the same.");
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
