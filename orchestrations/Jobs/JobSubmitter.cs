using System.Text.Json;
using Larder.Inference;
using Larder.Orchestrations.Datasets;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Models;
using Larder.Registry.Storage;

namespace Larder.Orchestrations.Jobs;

/// <summary>Makes jobs. What they are asked for is checked before; <see cref="JobScheduler"/> starts them.</summary>
/// <param name="jobs">The documents.</param>
/// <param name="files">Their files.</param>
/// <param name="artifacts">Their inputs.</param>
/// <param name="types">What jobs there are.</param>
/// <param name="access">Who may have them made.</param>
/// <param name="limits">How much of everything.</param>
/// <param name="time">The clock.</param>
public sealed class JobSubmitter(
    JobStore jobs, JobFiles files, IArtifactStore artifacts, IEnumerable<IJobType> types, JobAccess access, JobLimits limits, TimeProvider time)
{
    /// <summary>Makes a job.</summary>
    /// <returns>The job; with a key, perhaps one that was there already.</returns>
    /// <exception cref="ConflictException">The key was used for something else.</exception>
    /// <exception cref="ForbiddenException">The caller's role or scope does not allow it.</exception>
    public async Task<Job> SubmitAsync(JobRequest request, CancellationToken cancellationToken)
    {
        var by = request.By ?? throw new ArgumentException("It is not said who asks for the job.", nameof(request));
        await access.RequireAsync(by, JobWay.Submit, request.Type, request.Model, cancellationToken);
        var job = New(request);

        // The document comes last: a job that is listed has all that it needs. What a crash leaves before it is swept.
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
            (stored, _) = await jobs.CreateOnceAsync(request.Key, request.Fingerprint ?? Fingerprint(request), job, cancellationToken);
        }
        catch (LarderException e) when (e.IsPermanent)
        {
            await files.DeleteAsync(job.Id, cancellationToken);
            throw;
        }

        // Whoever came first with this key has made files already, perhaps without living to make the job.
        if (stored.Id != job.Id)
            await files.DeleteAsync(job.Id, cancellationToken);
        return stored;
    }

    /// <summary>Makes a job again: a new one with the inputs and options of one that has ended.</summary>
    /// <param name="id">The one that has ended.</param>
    /// <param name="caller">Who asks.</param>
    /// <param name="key">As <see cref="JobRequest.Key"/>.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="ConflictException">It has not ended, or an input is gone.</exception>
    /// <exception cref="ForbiddenException">It is not for this caller.</exception>
    public async Task<Job> RetryAsync(string id, Caller caller, string? key, CancellationToken cancellationToken)
    {
        var old = await access.OpenAsync(caller, id, JobWay.Retry, cancellationToken);
        if (!old.IsFinal)
            throw new ConflictException($"The job {id} has not ended; it can be retried when it has.");
        return await SubmitAsync(await AgainAsync(old, cancellationToken) with { By = caller, Owner = caller.Name, RetryOf = id, Key = key }, cancellationToken);
    }

    /// <summary>The request for a job that does what another did: with its inputs, options and secrets.</summary>
    /// <param name="old">The other.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="ConflictException">An input is gone.</exception>
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
            InstanceId = id,
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
        // Only what is there: the fingerprints of requests without it are older.
        if ((request.Dataset ?? request.Source) is { } source)
            text += $"\n{source}";
        if (request.Reference is not null)
            text += $"\n{request.Reference}";
        return TextHash.Of(text);
    }
}
