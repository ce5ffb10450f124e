using System.ComponentModel;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Datasets;
using Larder.Functions.Http;
using Larder.Functions.Jobs;
using Larder.Functions.OpenApi;
using Larder.Orchestrations.Drift;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace Larder.Functions.Drift;

/// <summary>Comparisons of data sets: each is a job that says which columns have drifted.</summary>
internal sealed class SubmitDrift(DriftSubmitter submitter, DatasetForms forms, JobScheduler scheduler)
{
    private static readonly JobOptions Options = JobOptions.Of(DriftOptions.Schema);
    private static readonly JsonBody<DriftRequest> Body = new("{dataset:string, options:object}") { Options = [Options] };

    /// <summary>The form of a comparison.</summary>
    internal static readonly FormSpec Spec = DatasetForms.Spec("a comparison", Options);

    /// <summary>
    /// Accepts a comparison with the data that a version was trained on: multipart <c>dataset</c>, a file or the address of one, and optionally the JSON field
    /// <c>options</c> (<see cref="DriftOptions"/>); or JSON <c>{"dataset": "uploads/path, datasets/model/file or URL", "options": {...}}</c>. With the header
    /// <c>Idempotency-Key</c>, sending the same again answers the same job.
    /// </summary>
    [Function("SubmitDrift"), Requires(Role.Contributor), Description("Compare a data set with the one that a version was trained on: multipart dataset, or {\"dataset\": ...}; JSON options.")]
    [Query, Takes(nameof(Spec), nameof(Body)), TakesHeaders(IdempotencyKey.Header), Answers(typeof(JobAnswer), StatusCodes.Status202Accepted)]
    public async Task<IActionResult> Submit(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/models/{reference}/drift")] HttpRequest request,
        string reference,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        var job = await scheduler.SubmitAndStartAsync(client, forms.AcceptAsync(request, reference, Spec, Body, submitter, cancellationToken));
        return JobAnswers.Accepted(job, $"The comparison with the data of {job.Model}:{job.Version} is job {job.Id}");
    }
}
