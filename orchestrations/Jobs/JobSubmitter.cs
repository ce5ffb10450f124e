using System.Text.Json;
using Larder.Inference;
using Larder.Orchestrations.Datasets;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Storage;
using Larder.Registry.Text;

namespace Larder.Orchestrations.Jobs;

/// <summary>Creates jobs from requests that were checked before; <see cref="JobScheduler"/> starts them.</summary>
/// <param name="jobs">The jobs' documents.</param>
/// <param name="files">The jobs' files.</param>
/// <param name="artifacts">The jobs' inputs.</param>
/// <param name="types">The types of jobs.</param>
/// <param name="access">Decides who may create a job.</param>
/// <param name="limits">Limits the secrets.</param>
/// <param name="time">For ids and times.</param>
public sealed class JobSubmitter(
    JobStore jobs, JobFiles files, IArtifactStore artifacts, IEnumerable<IJobType> types, JobAccess access, JobLimits limits, TimeProvider time)
{
    /// <summary>Creates a job.</summary>
    /// <returns>The job; with an idempotency key, perhaps one that was there already.</returns>
    /// <exception cref="ConflictException">The key was used for another request.</exception>
    /// <exception cref="ForbiddenException">The caller's role or scope does not allow it.</exception>
    public async Task<Job> SubmitAsync(JobRequest request, CancellationToken cancellationToken)
    {
        var by = request.By ?? throw new ArgumentException("The request names no caller.", nameof(request));
        await access.RequireAsync(by, JobWay.Submit, request.Type, request.Model, cancellationToken);
        var fingerprint = request.Fingerprint ?? Fingerprint(request);
        // A key that has a job has its files too; a key without one, after a crash, is completed below.
        if (request is { Id: null, Key: { } key } && await jobs.FindOnceAsync(key, fingerprint, cancellationToken) is { } known)
            return known;
        var job = New(request);

        // The document comes last: a job that is listed has all that it needs. Garbage collection deletes what a crash leaves before it.
        await files.CreateAsync(job.Id, cancellationToken);
        if (request.Secrets.Count > 0)
            await files.WriteAsync(job.Id, JobPaths.Secrets, BinaryData.FromObjectAsJson(request.Secrets), cancellationToken);
        if (request.Id is not null)
            return await CreateOrGetAsync(job, cancellationToken);
        if (request.Key is null)
            return await jobs.CreateAsync(job, cancellationToken);
        Job stored;
        try
        {
            (stored, _) = await jobs.CreateOnceAsync(request.Key, fingerprint, job, cancellationToken);
        }
        catch (LarderException e) when (e.IsPermanent)
        {
            await files.DeleteAsync(job.Id, cancellationToken);
            throw;
        }

        // A request with this key that came first has created a container already, perhaps on a server that crashed before it created the job.
        if (stored.Id != job.Id)
            await files.DeleteAsync(job.Id, cancellationToken);
        return stored;
    }

    /// <summary>Creates a job with the inputs and options of a job that has ended.</summary>
    /// <param name="id">The job that has ended.</param>
    /// <param name="caller">The caller of the new job.</param>
    /// <param name="key">As <see cref="JobRequest.Key"/>.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="ConflictException">The job has not ended, or one of its inputs was deleted.</exception>
    /// <exception cref="ForbiddenException">The caller's role or scope does not allow it.</exception>
    public async Task<Job> RetryAsync(string id, Caller caller, string? key, CancellationToken cancellationToken)
    {
        var old = await access.OpenAsync(caller, id, JobWay.Retry, cancellationToken);
        if (!old.IsFinal)
            throw new ConflictException($"The job {id} has not ended; it can be retried when it has.");
        return await SubmitAsync(await AgainAsync(old, cancellationToken) with { By = caller, Owner = caller.Name, RetryOf = id, Key = key }, cancellationToken);
    }

    /// <summary>The request for a job with the inputs, options and secrets of another.</summary>
    /// <param name="old">The other job.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="ConflictException">One of its inputs was deleted.</exception>
    public async Task<JobRequest> AgainAsync(Job old, CancellationToken cancellationToken)
    {
        var type = types.Single(type => type.Name == old.Type);
        type.Check(old);
        foreach (var input in old.Inputs)
        {
            if (!await artifacts.TouchAsync(input.Sha256, cancellationToken))
                throw new ConflictException($"The input {input.Name} of the job {old.Id} is not stored any more.");
        }

        return new JobRequest(old.Type, old.Model, old.Options)
        {
            Inputs = old.Inputs,
            Secrets = await JobSecrets.ReadAsync(files, old.Id, limits.EnvironmentBytes * 8L, cancellationToken),
            Source = old.Source,
            Version = type.KeepsVersion ? old.Version : null,
            MaxAttempts = old.MaxAttempts,
            Backend = old.Backend,
        };
    }

    private async Task<Job> CreateOrGetAsync(Job job, CancellationToken cancellationToken)
    {
        try
        {
            return await jobs.CreateAsync(job, cancellationToken);
        }
        catch (DocumentExistsException)
        {
            return await jobs.GetAsync(job.Id, cancellationToken);
        }
    }

    private Job New(JobRequest request)
    {
        var now = time.GetUtcNow();
        var id = request.Id ?? JobId.Create(now);
        return new Job
        {
            Id = id,
            Type = request.Type,
            State = JobState.Queued,
            Model = request.Model,
            Version = request.Version,
            Inputs = request.Inputs,
            Source = request.Source,
            Options = request.Options,
            MaxAttempts = request.MaxAttempts,
            Backend = request.Backend,
            Owner = request.Owner,
            RetryOf = request.RetryOf,
            Created = now,
            Schedule = request.Schedule,
        };
    }

    private static string Fingerprint(JobRequest request)
    {
        var text = JsonSerializer.Serialize(new
        {
            request.Type,
            request.Model,
            Inputs = request.Dataset is null ? request.Inputs : [.. request.Inputs.Where(input => input.Name != FoundDataset.InputName)],
            request.Options,
            request.RetryOf,
            secrets = request.Secrets.OrderBy(secret => secret.Key, StringComparer.Ordinal),
        });
        // Appended only when it is set: fingerprints of requests without it were stored by earlier releases.
        if ((request.Dataset ?? request.Source) is { } source)
            text += $"\n{source}";
        if (request.Reference is not null)
            text += $"\n{request.Reference}";
        return TextHash.Of(text);
    }
}
