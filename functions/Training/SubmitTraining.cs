using System.ComponentModel;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.Jobs;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Training;
using Larder.Registry.Access;
using Larder.Registry.Jobs;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace Larder.Functions.Training;

/// <summary>Trainings: each is a job that makes a version.</summary>
public sealed class SubmitTraining(TrainingSubmitter submitter, JobScheduler scheduler, StagingArea staging, JobLimits limits)
{
    private const string Script = "script";
    private const string Requirements = "requirements";
    private const string Dataset = "dataset";

    private readonly FormSpec _form = new(
        "a training",
        $"JSON: {{\"{Script}\": \"import os ...\", \"{Dataset}\": \"uploads/file.csv\"}}",
        new FormField(Script)
        {
            Stage = (content, cancellationToken) => staging.AddAsync(content, Script, limits.ScriptBytes, null, cancellationToken),
            Extension = ".py",
            Empty = "The training script is empty.",
        },
        new FormField(Requirements)
        {
            Stage = (content, cancellationToken) => staging.AddAsync(content, Requirements, limits.ScriptBytes, null, cancellationToken),
            Extension = ".txt",
        },
        new FormField(Dataset)
        {
            Stage = (content, cancellationToken) => staging.AddAsync(content, "data set", limits.DatasetBytes, null, cancellationToken),
            Empty = "The data set is empty.",
            TextBytes = FormField.AddressBytes,
        },
        FormField.Options);

    /// <summary>
    /// Accepts a training: multipart <c>script</c>, <c>dataset</c> (a file, or the address of one: <c>uploads/path</c>, <c>datasets/model/file</c>, a URL),
    /// perhaps <c>requirements</c>, and the JSON field <c>options</c> (<see cref="TrainOptions"/>); or JSON (<see cref="TrainBody"/>). With the header <c>Idempotency-Key</c>, sending the same again answers the same job.
    /// </summary>
    [Function("SubmitTraining"), Requires(Role.Contributor), Description("Train: multipart script, dataset, requirements; JSON options. Or JSON.")]
    public async Task<IActionResult> Submit(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/train/{model}")] HttpRequest request,
        string model,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        ModelName.Validate(model);
        var key = IdempotencyKey.Of(request);
        var job = await scheduler.SubmitAndStartAsync(client, AcceptAsync(request, model, key, cancellationToken));
        return JobView.Accepted(job, $"The training of {model} is job {job.Id}");
    }

    private async Task<Job> AcceptAsync(HttpRequest request, string model, string? key, CancellationToken cancellationToken)
    {
        var caller = request.Caller();
        if (!request.IsJson())
        {
            await using var form = await Form.ReadAsync(request, _form, cancellationToken);
            form.Require(Script, "No training script provided with name 'script'");
            var address = form.Line(Dataset);
            if (address is null)
                form.Require(Dataset, "No data provided with name 'dataset'");
            // Requirements may be absent or empty, which is the same.
            var given = form.Files.Where(file => file.Staged.SizeBytes > 0).Select(file => (file.Field, file.FileName, file.Staged)).ToList();
            return await submitter.SubmitAsync(model, given, address, Validated(TrainOptions.Schema.ReadOrDefault(form.JsonOf(FormField.Options))), key, caller, cancellationToken);
        }

        var body = await Json.ReadAsync<TrainBody>(request, TrainBody.Expected, cancellationToken);
        var options = Validated(TrainOptions.Schema.ReadOrDefault(body.Options));
        var files = await body.StageAsync(staging, limits, cancellationToken);
        try
        {
            return await submitter.SubmitAsync(model, files, body.Dataset, options, key, caller, cancellationToken);
        }
        finally
        {
            foreach (var (_, _, file) in files)
                await file.DisposeAsync();
        }
    }

    private TrainOptions Validated(TrainOptions options)
    {
        submitter.Validate(options);
        return options;
    }
}
