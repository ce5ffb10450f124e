using System.Text.Json;
using Larder.Registry;

namespace Larder.Orchestrations;

/// <summary>Completes uploads: each gets one job, and another one only when that failed.</summary>
/// <param name="sessions">The uploads.</param>
/// <param name="jobs">The jobs.</param>
/// <param name="submitter">Makes them.</param>
/// <param name="time">The clock.</param>
public sealed class UploadSubmitter(UploadSessions sessions, JobStore jobs, JobSubmitter submitter, TimeProvider time)
{
    /// <summary>Makes the job that takes an upload in.</summary>
    /// <param name="model">Whose upload.</param>
    /// <param name="id">The upload.</param>
    /// <param name="options">What completes it.</param>
    /// <param name="owner">Who asks.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>The job; the one that is there already, when the upload was completed in the same way before.</returns>
    /// <exception cref="NotFoundException">There is no such upload.</exception>
    /// <exception cref="InvalidRequestException">Something in the options cannot be had.</exception>
    /// <exception cref="ConflictException">It was completed in another way, or nothing was uploaded.</exception>
    public async Task<Job> CompleteAsync(string model, string id, UploadOptions options, string? owner, CancellationToken cancellation)
    {
        if ((options.Upload ?? id) != id)
            throw new InvalidRequestException("The path and the body name different uploads.");
        options = options with { Upload = id, Sha256 = options.Sha256.ToLowerInvariant() };
        var json = JsonSerializer.SerializeToElement(options, RegistryJson.Options);
        while (true)
        {
            var session = await sessions.GetAsync(model, id, cancellation);
            var made = session.Job is null ? null : await FindAsync(session.Job, cancellation);
            if (made is { State: not (JobState.Failed or JobState.Canceled) })
                return Same(made, json, id);

            var request = new JobRequest(UploadJob.Type, model, json) { Owner = owner };
            UploadJob.ArrivalOf(options, session.FileName).Validate(Draft(model, owner));
            if (await sessions.GetCommittedBytesAsync(id, cancellation) is null or 0)
                throw new ConflictException($"Nothing was uploaded: put the blocks, then the list of them, to the URL of the upload {id} first.");

            // The session names the job before it is there: whoever comes again, after a crash too, makes the same one.
            var next = made is null && session.Job is { } named ? named : JobId.Create(time.GetUtcNow());
            if (next == session.Job || await sessions.TryAssignAsync(session, next, cancellation) is not null)
                return Same(await submitter.SubmitAsync(request with { Id = next }, cancellation), json, id);
        }
    }

    private static Job Same(Job made, JsonElement options, string id) => JsonElement.DeepEquals(made.Options, options)
        ? made
        : throw new ConflictException($"The upload {id} was completed with other options; its job is {made.Id}.");

    private static Job Draft(string model, string? owner) => new()
    {
        Id = "",
        InstanceId = "",
        Type = UploadJob.Type,
        State = JobState.Queued,
        Model = model,
        Owner = owner,
        Created = default,
    };

    private async Task<Job?> FindAsync(string id, CancellationToken cancellation)
    {
        try
        {
            return await jobs.GetAsync(id, cancellation);
        }
        catch (NotFoundException)
        {
            return null;
        }
    }
}
