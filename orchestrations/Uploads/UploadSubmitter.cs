using System.Text.Json;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Access;
using Larder.Registry.Datasets;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Models;
using Larder.Registry.Uploads;

namespace Larder.Orchestrations.Uploads;

/// <summary>Completes uploads: each has one job, and another only after that failed.</summary>
/// <param name="sessions">The uploads.</param>
/// <param name="jobs">The jobs.</param>
/// <param name="submitter">Makes them.</param>
/// <param name="time">For times and waits.</param>
public sealed class UploadSubmitter(UploadSessions sessions, JobStore jobs, JobSubmitter submitter, TimeProvider time)
{
    /// <summary>Makes the job that takes a model in.</summary>
    /// <param name="model">Whose upload.</param>
    /// <param name="id">The upload.</param>
    /// <param name="options">What completes it.</param>
    /// <param name="caller">The caller, whose rights are checked.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The job; the one that is there already, when the upload was completed in the same way before.</returns>
    /// <exception cref="NotFoundException">There is no such upload.</exception>
    /// <exception cref="InvalidRequestException">An option is not allowed.</exception>
    /// <exception cref="ConflictException">It was completed in another way, or nothing was uploaded.</exception>
    public Task<Job> CompleteAsync(ModelName model, string id, UploadOptions options, Caller caller, CancellationToken cancellationToken)
    {
        RequireSame(options.Upload, id);
        options = options with { Upload = id, Sha256 = options.Sha256.ToLowerInvariant() };
        return CompleteAsync(
            model,
            new JobRequest(UploadJob.Type, model, JobOptions.ToJson(options)) { By = caller, Owner = caller.Name },
            id,
            session => UploadJob.ArrivalOf(options, session.FileName).Validate(Draft(model, caller.Name)),
            cancellationToken);
    }

    /// <summary>Makes the job that takes a data set in.</summary>
    /// <inheritdoc cref="CompleteAsync(ModelName, string, UploadOptions, Caller, CancellationToken)"/>
    public Task<Job> CompleteAsync(ModelName model, string id, DatasetOptions options, Caller caller, CancellationToken cancellationToken)
    {
        RequireSame(options.Upload, id);
        options = options with { Upload = id, Sha256 = options.Sha256.ToLowerInvariant() };
        return CompleteAsync(
            model,
            new JobRequest(DatasetJob.Type, model, JobOptions.ToJson(options)) { By = caller, Owner = caller.Name },
            id,
            session => Dataset.ValidateName(session.FileName),
            cancellationToken);
    }

    private static void RequireSame(string? given, string id)
    {
        if ((given ?? id) != id)
            throw new InvalidRequestException("The path and the body name different uploads.");
    }

    private async Task<Job> CompleteAsync(
        ModelName model, JobRequest request, string id, Action<UploadSession> validate, CancellationToken cancellationToken)
    {
        while (true)
        {
            var session = await sessions.GetAsync(model, id, cancellationToken);
            var made = session.Job is null ? null : await FindAsync(session.Job, cancellationToken);
            if (made is { State: not (JobState.Failed or JobState.Canceled) })
                return Same(made, request.Options, id);

            validate(session);
            if (await sessions.GetCommittedBytesAsync(id, cancellationToken) is null or 0)
                throw new ConflictException($"Nothing was uploaded: put the blocks, then the list of them, to the URL of the upload {id} first.");

            // The session names the job before the job is created: a request that is repeated, also after a crash, creates the same one.
            var next = made is null && session.Job is { } named ? named : JobId.Create(time.GetUtcNow());
            if (next == session.Job || await sessions.TryAssignAsync(session, next, cancellationToken) is not null)
                return Same(await submitter.SubmitAsync(request with { Id = next }, cancellationToken), request.Options, id);
        }
    }

    private static Job Same(Job made, JsonElement options, string id) => JsonElement.DeepEquals(made.Options, options)
        ? made
        : throw new ConflictException($"The upload {id} was completed with other options; its job is {made.Id}.");

    private static Job Draft(ModelName model, string owner) => new()
    {
        Id = "",
        Type = UploadJob.Type,
        State = JobState.Queued,
        Model = model,
        Owner = owner,
        Created = default,
    };

    private async Task<Job?> FindAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            return await jobs.GetAsync(id, cancellationToken);
        }
        catch (NotFoundException)
        {
            return null;
        }
    }
}
