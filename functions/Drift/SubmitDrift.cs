using System.ComponentModel;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Datasets;
using Larder.Functions.Http;
using Larder.Functions.Jobs;
using Larder.Functions.OpenApi;
using Larder.Functions.Scoring;
using Larder.Orchestrations.Drift;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Access;
using Larder.Registry.Jobs;
using Larder.Registry.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace Larder.Functions.Drift;

/// <summary>Comparisons of data sets: each is a job that says which columns have drifted.</summary>
public sealed class SubmitDrift(DriftSubmitter submitter, SubmitScoring scorings, JobScheduler scheduler)
{
    private static readonly JobOptions Options = JobOptions.Of(DriftOptions.Schema);
    private static readonly JsonBody<DriftRequest> Body = new("{dataset:string, options:object}") { Options = [Options] };

    /// <summary>The form of a comparison.</summary>
    internal static readonly FormSpec Spec = DatasetForm.Spec("a comparison", Options);

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
        ModelReference.Parse(reference);
        var key = IdempotencyKey.Of(request);
        var job = await scheduler.SubmitAndStartAsync(client, AcceptAsync(request, reference, key, cancellationToken));
        return JobAnswers.Accepted(job, $"The comparison with the data of {job.Model}:{job.Version} is job {job.Id}");
    }

    private async Task<Job> AcceptAsync(HttpRequest request, string reference, string? key, CancellationToken cancellationToken)
    {
        var caller = request.Caller();
        if (request.IsJson())
        {
            var body = await Body.ReadAsync(request, cancellationToken);
            return await submitter.SubmitAsync(reference, body.Dataset, DriftOptions.Schema.ReadOrDefault(body.Options), key, caller, cancellationToken);
        }

        await using var form = await Form.ReadAsync(request, Spec, scorings.StageAsync, cancellationToken);
        return await TakeAsync(reference, form, form.Line(DatasetForm.Dataset), DriftOptions.Schema.ReadOrDefault(form.JsonOf(FormField.Options)), key, caller, cancellationToken);
    }

    /// <summary>Accepts the data set of a form.</summary>
    /// <param name="reference">The model, and which version.</param>
    /// <param name="form">With the file of <see cref="Spec"/>.</param>
    /// <param name="address">The address of the data set; null when it is the file.</param>
    /// <param name="options">The options.</param>
    /// <param name="key">The idempotency key; null for none.</param>
    /// <param name="caller">Who sends it.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    internal Task<Job> TakeAsync(string reference, Form form, string? address, DriftOptions options, string? key, Caller caller, CancellationToken cancellationToken)
    {
        if (address is not null)
            return submitter.SubmitAsync(reference, address, options, key, caller, cancellationToken);
        var file = DatasetForm.FileOf(form);
        return submitter.SubmitAsync(reference, file.FileName, file.Staged, options, key, caller, cancellationToken);
    }
}
