using System.ComponentModel;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Registry.Access;
using Larder.Registry.Models;
using Larder.Registry.Uploads;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Uploads;

/// <summary>Where a big upload is.</summary>
public sealed class GetUpload(UploadSessions sessions, UploadSessionOptions options, TimeProvider time)
{
    /// <summary>The session, with its URL while that works: a client that lost it goes on.</summary>
    [Function("GetUpload"), Requires(Role.Contributor), Description("A big upload: its URL, its job.")]
    [Query, Answers(typeof(UploadAnswer))]
    public async Task<IActionResult> Get(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/models/{model}/uploads/{upload}")] HttpRequest request,
        string model,
        string upload,
        CancellationToken cancellationToken)
    {
        var name = ModelName.Parse(model);
        var session = await sessions.GetAsync(name, upload, cancellationToken);
        var committed = await sessions.GetCommittedBytesAsync(upload, cancellationToken);
        var works = committed is not null && session.Expires > time.GetUtcNow();
        var url = works ? await sessions.GetUrlAsync(session, cancellationToken) : null;
        return Envelope.Ok($"Upload {upload} of {name}", new UploadAnswer { Upload = UploadAnswers.Of(session, url, committed ?? 0, options) });
    }
}
