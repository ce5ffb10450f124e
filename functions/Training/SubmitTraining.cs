using System.ComponentModel;
using System.Text;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.Jobs;
using Larder.Functions.OpenApi;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Training;
using Larder.Registry.Access;
using Larder.Registry.Errors;
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

    private static readonly JobOptions Options = JobOptions.Of(TrainOptions.Schema);
    private static readonly JsonBody<TrainingRequest> Body = new("{script:string, requirements:string, dataset:string, options:object}") { Options = [Options] };

    /// <summary>The form of a training.</summary>
    internal static readonly FormSpec Spec = new(
        "a training",
        $"JSON: {{\"{Script}\": \"import os ...\", \"{Dataset}\": \"uploads/file.csv\"}}",
        new FormField(Script, "The Python script.") { IsFile = true, IsRequired = true, IsText = true, Extension = ".py", Empty = "The training script is empty." },
        new FormField(Requirements, "What pip is to install.") { IsFile = true, IsText = true, Extension = ".txt" },
        new FormField(Dataset, "The data set: a file, or the address of one: uploads/path, datasets/model/file or a URL.") { IsFile = true, IsRequired = true, Empty = "The data set is empty.", TextBytes = FormField.AddressBytes },
        FormField.Options with { OptionsOf = Options })
    {
        ByExtension = ("files", new Dictionary<string, string> { [".py"] = Script, [".txt"] = Requirements, [""] = Dataset }),
    };

    /// <summary>
    /// Accepts a training: multipart <c>script</c>, <c>dataset</c> (a file, or the address of one: <c>uploads/path</c>, <c>datasets/model/file</c>, a URL),
    /// optionally <c>requirements</c>, and the JSON field <c>options</c> (<see cref="TrainOptions"/>); or JSON (<see cref="TrainingRequest"/>). With the header <c>Idempotency-Key</c>, sending the same again answers the same job.
    /// </summary>
    [Function("SubmitTraining"), Requires(Role.Contributor), Description("Train: multipart script, dataset, requirements; JSON options. Or JSON.")]
    [Query, Takes(nameof(Spec), nameof(Body)), TakesHeaders(IdempotencyKey.Header), Answers(typeof(JobAnswer), StatusCodes.Status202Accepted)]
    public Task<IActionResult> Submit(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/train/{model}")] HttpRequest request,
        string model,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken) => SubmitAsync(request, model, null, client, cancellationToken);

    /// <summary>The same, as MLBuffet's clients send it: with the name of the file that is the model (<see cref="TrainOptions.ModelFile"/>).</summary>
    [Function("SubmitTrainingOfFile"), Requires(Role.Contributor), Description("Train, with the name of the file that the script leaves as the model.")]
    [Query, Takes(nameof(Spec), nameof(Body)), TakesHeaders(IdempotencyKey.Header), Answers(typeof(JobAnswer), StatusCodes.Status202Accepted)]
    public Task<IActionResult> SubmitOfFile(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/train/{model}/{file}")] HttpRequest request,
        string model,
        string file,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken) =>
        Path.GetExtension(file).Equals(".onnx", StringComparison.OrdinalIgnoreCase)
            ? SubmitAsync(request, model, file, client, cancellationToken)
            : throw Form.WrongExtension(file, ".onnx");

    private async Task<IActionResult> SubmitAsync(HttpRequest request, string model, string? file, DurableTaskClient client, CancellationToken cancellationToken)
    {
        var name = ModelName.Parse(model);
        var key = IdempotencyKey.Of(request);
        var job = await scheduler.SubmitAndStartAsync(client, AcceptAsync(request, name, file, key, cancellationToken));
        return JobAnswers.Accepted(job, $"The training of {name} is job {job.Id}");
    }

    private async Task<Job> AcceptAsync(HttpRequest request, ModelName model, string? modelFile, string? key, CancellationToken cancellationToken)
    {
        var caller = request.Caller();
        if (!request.IsJson())
        {
            await using var form = await Form.ReadAsync(request, Spec, StageAsync, cancellationToken);
            return await TakeAsync(model, form, form.Line(Dataset), Validated(TrainOptions.Schema.ReadOrDefault(form.JsonOf(FormField.Options)), modelFile), key, caller, cancellationToken);
        }

        var body = await Body.ReadAsync(request, cancellationToken);
        var options = Validated(TrainOptions.Schema.ReadOrDefault(body.Options), modelFile);
        var files = await StageAsync(body, cancellationToken);
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

    /// <summary>Accepts the files of a form.</summary>
    /// <param name="model">The model.</param>
    /// <param name="form">With the files of <see cref="Spec"/>.</param>
    /// <param name="address">The address of the data set; null when it is one of the files.</param>
    /// <param name="options">The options.</param>
    /// <param name="key">The idempotency key; null for none.</param>
    /// <param name="caller">Who sends it.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    internal Task<Job> TakeAsync(ModelName model, Form form, string? address, TrainOptions options, string? key, Caller caller, CancellationToken cancellationToken)
    {
        form.Require(Script, "No training script provided with name 'script'");
        if (address is null)
            form.Require(Dataset, "No data provided with name 'dataset'");
        // Requirements may be absent or empty, which is the same.
        var given = form.Files.Where(file => file.Staged.SizeBytes > 0).Select(file => (file.Field, file.FileName, file.Staged)).ToList();
        return submitter.SubmitAsync(model, given, address, options, key, caller, cancellationToken);
    }

    /// <summary>Keeps the bytes of a file of the form while they arrive.</summary>
    internal Task<StagedFile> StageAsync(FormField field, Stream content, CancellationToken cancellationToken) => field.Name == Dataset
        ? staging.AddAsync(content, "data set", limits.DatasetBytes, null, cancellationToken)
        : staging.AddAsync(content, field.Name, limits.ScriptBytes, null, cancellationToken);

    // The texts of a JSON body go to the staging area, as the files of a form do. The caller disposes of the files.
    private async Task<IReadOnlyList<(string Name, string FileName, StagedFile File)>> StageAsync(TrainingRequest body, CancellationToken cancellationToken)
    {
        if (body.Script.Length == 0)
            throw new InvalidRequestException("The training script is empty.");
        var files = new List<(string, string, StagedFile File)>();
        try
        {
            files.Add((Script, "script.py", await AddAsync(Script, body.Script)));
            if (!string.IsNullOrEmpty(body.Requirements))
                files.Add((Requirements, "requirements.txt", await AddAsync(Requirements, body.Requirements)));
            return files;
        }
        catch
        {
            foreach (var (_, _, file) in files)
                await file.DisposeAsync();
            throw;
        }

        Task<StagedFile> AddAsync(string name, string text)
        {
            var content = Encoding.UTF8.GetBytes(text);
            return staging.AddAsync(new MemoryStream(content), name, limits.ScriptBytes, content.Length, cancellationToken);
        }
    }

    /// <summary>Options with the name of the model's file, checked.</summary>
    internal TrainOptions Validated(TrainOptions options, string? modelFile)
    {
        if (modelFile is not null && options.ModelFile is not null && options.ModelFile != modelFile)
            throw new InvalidRequestException($"The path and the option model_file name two files: '{RequestText.Shown(modelFile)}' and '{RequestText.Shown(options.ModelFile)}'.");
        options = options with { ModelFile = modelFile ?? options.ModelFile };
        TrainOptions.ValidateFile(options.ModelFile);
        submitter.Validate(options);
        return options;
    }
}
