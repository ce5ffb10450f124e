using System.ComponentModel;
using Larder.Orchestrations;
using Larder.Registry;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace Larder.Functions;

/// <summary>Trainings: each is a job that makes a version.</summary>
public sealed class SubmitTraining(TrainingSubmitter submitter, JobScheduler scheduler, StagingArea staging, JobLimits limits)
{
    /// <summary>
    /// Accepts a training: multipart <c>script</c>, <c>dataset</c>, perhaps <c>requirements</c>, and the JSON field <c>options</c>
    /// (<see cref="TrainOptions"/>). With the header <c>Idempotency-Key</c>, sending the same again answers the same job.
    /// </summary>
    [Function("SubmitTraining"), Requires(Role.Contributor), Description("Train: multipart script, dataset, requirements; JSON options.")]
    public async Task<IActionResult> Submit(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "api/v1/train/{model}")] HttpRequest request,
        string model,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        ModelName.Validate(model);
        var key = IdempotencyKey.Of(request);
        await using var form = await TrainForm.ReadAsync(request, staging, limits, cancellationToken);
        var options = form.Options is null ? new TrainOptions() : TrainOptions.Schema.Read(form.Options);
        submitter.Validate(options);

        var job = await submitter.SubmitAsync(model, form.Files, options, key, owner: request.Caller().Name, cancellationToken);
        // Acknowledged only when it is on its way; a caller who hangs up now has a job nevertheless.
        await scheduler.StartAsync(client, job, CancellationToken.None);
        return JobView.Accepted(job, $"The training of {model} is job {job.Id}");
    }
}
