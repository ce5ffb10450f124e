using System.ComponentModel;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Datasets;
using Larder.Functions.Http;
using Larder.Functions.Jobs;
using Larder.Functions.OpenApi;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Scoring;
using Larder.Registry.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace Larder.Functions.Scoring;

/// <summary>Scorings: each is a job that leaves a file with a row for each row of a data set.</summary>
internal sealed class SubmitScoring(ScoringSubmitter submitter, DatasetForms forms, JobScheduler scheduler)
{
    private static readonly JobOptions Options = JobOptions.Of(ScoreOptions.Schema);
    private static readonly JsonBody<ScoringRequest> Body = new("{dataset:string, options:object}") { Options = [Options] };

    /// <summary>The form of a scoring.</summary>
    internal static readonly FormSpec Spec = DatasetForms.Spec("a scoring", Options);

    /// <summary>
    /// Accepts a scoring: multipart <c>dataset</c>, a file or the address of one, and optionally the JSON field <c>options</c> (<see cref="ScoreOptions"/>); or JSON
    /// <c>{"dataset": "uploads/path, datasets/model/file or URL", "options": {...}}</c>. With the header <c>Idempotency-Key</c>, sending the same again answers the same job.
    /// </summary>
    [Function("SubmitScoring"), Requires(Role.Contributor), Description("Score a data set: multipart dataset, or {\"dataset\": ...}; JSON options.")]
    [Query, Takes(nameof(Spec), nameof(Body)), TakesHeaders(IdempotencyKey.Header), Answers(typeof(JobAnswer), StatusCodes.Status202Accepted)]
    public async Task<IActionResult> Submit(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/models/{reference}/scoring")] HttpRequest request,
        string reference,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        var job = await scheduler.SubmitAndStartAsync(client, forms.AcceptAsync(request, reference, Spec, Body, submitter, cancellationToken));
        return JobAnswers.Accepted(job, $"The scoring with {job.Model}:{job.Version} is job {job.Id}");
    }
}
