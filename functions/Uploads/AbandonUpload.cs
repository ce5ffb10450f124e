using System.ComponentModel;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Models;
using Larder.Registry.Uploads;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Uploads;

/// <summary>Ends a big upload that is not needed any more.</summary>
public sealed class AbandonUpload(UploadSessions sessions, JobStore jobs)
{
    /// <summary>Removes the session and what was uploaded. A job that takes it in must have ended.</summary>
    [Function("AbandonUpload"), Requires(Role.Contributor), Description("Abandon a big upload.")]
    [Query, Answers(typeof(Answer))]
    public async Task<IActionResult> Abandon(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = "api/v1/models/{model}/uploads/{upload}")] HttpRequest request,
        string model,
        string upload,
        CancellationToken cancellationToken)
    {
        var name = ModelName.Parse(model);
        var session = await sessions.GetAsync(name, upload, cancellationToken);
        if (session.Job is { } job && !await IsOverAsync(job, cancellationToken))
            throw new ConflictException($"The upload {upload} is being taken in by the job {job}: cancel that first.");
        await sessions.AbandonAsync(session, cancellationToken);
        return Envelope.Ok($"Upload {upload} of {name} abandoned");
    }

    private async Task<bool> IsOverAsync(string job, CancellationToken cancellationToken)
    {
        try
        {
            return (await jobs.GetAsync(job, cancellationToken)).IsFinal;
        }
        catch (NotFoundException)
        {
            return true;
        }
    }
}
