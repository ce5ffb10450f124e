using System.ComponentModel;
using System.Text.Json;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.Jobs;
using Larder.Functions.OpenApi;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Uploads;
using Larder.Registry.Access;
using Larder.Registry.Models;
using Larder.Registry.Uploads;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace Larder.Functions.Uploads;

/// <summary>Makes what was uploaded in blocks a version, or a data set.</summary>
public sealed class CompleteUpload(UploadSessions sessions, UploadSubmitter submitter, JobScheduler scheduler)
{
    private static readonly JsonBody<JsonElement> Body = new("{\"sha256\": text}, for a model with what a direct upload has too")
    {
        Options = [JobOptions.Of(UploadOptions.Schema), JobOptions.Of(DatasetOptions.Schema)],
    };

    /// <summary>
    /// Starts the job that checks size and hash and registers (<see cref="UploadOptions"/>, <see cref="DatasetOptions"/>). Completing again in the same way is answered with the
    /// same job; after a job that failed, with another try.
    /// </summary>
    [Function("CompleteUpload"), Requires(Role.Contributor), Description("Complete a big upload: {\"sha256\", \"tags\", \"aliases\", ...}.")]
    [Query, Takes(nameof(Body)), Answers(typeof(JobAnswer), StatusCodes.Status202Accepted)]
    public async Task<IActionResult> Complete(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/models/{model}/uploads/{upload}/complete")] HttpRequest request,
        string model,
        string upload,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        var name = ModelName.Parse(model);
        var body = await Body.ReadAsync(request, cancellationToken);
        var caller = request.Caller();
        var session = await sessions.GetAsync(name, upload, cancellationToken);
        var job = await scheduler.SubmitAndStartAsync(client, session.Kind == UploadKind.Dataset
            ? submitter.CompleteAsync(name, upload, DatasetOptions.Schema.ReadOrDefault(body), caller, cancellationToken)
            : submitter.CompleteAsync(name, upload, UploadOptions.Schema.ReadOrDefault(body), caller, cancellationToken));
        return JobAnswers.Accepted(job, $"The upload {upload} of {name} is job {job.Id}");
    }
}
