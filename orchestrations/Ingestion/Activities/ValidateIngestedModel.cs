using Larder.Inference;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Publishing;
using Larder.Registry.Storage;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations.Ingestion.Activities;

/// <summary>Validates a staged model as an upload is, and stores it as an artifact; an archive is opened first.</summary>
public sealed class ValidateIngestedModel(JobSteps steps, JobFiles files, IArtifactStore artifacts, ModelPublisher publisher, ArchiveOpener opener)
{
    /// <summary>The outcome.</summary>
    /// <param name="Model">The model, validated and stored.</param>
    /// <param name="Reason">Why it cannot be served.</param>
    public sealed record Result(ValidatedArtifact? Model, string? Reason = null);

    /// <summary>Validates the model of a job that is staged.</summary>
    [Function(ActivityNames.CheckArrival)]
    public async Task<Result> Run([ActivityTrigger] string job, CancellationToken cancellationToken)
    {
        var (result, _) = await steps.RunAsync(
            job, "validate", 0, found => CheckAsync(found, cancellationToken), detail: Detail, cancellationToken: cancellationToken);
        return result;
    }

    private static string? Detail((Result Result, string? Note) made) => made.Result.Model is { } model
        ? $"{model.SizeBytes} bytes, {model.Description.Signature.Inputs.Count} inputs, {model.Description.Signature.Outputs.Count} outputs. {made.Note}".TrimEnd()
        : made.Result.Reason;

    private async Task<(Result Result, string? Note)> CheckAsync(Job job, CancellationToken cancellationToken)
    {
        var arrival = await IngestionManifest.ReadAsync(files, job.Id, cancellationToken);
        var input = job.Inputs[0];
        try
        {
            arrival.Validate(job);
            await using var content = await artifacts.OpenReadAsync(input.Sha256, cancellationToken: cancellationToken)
                ?? throw new StorageUnavailableException("What was staged is missing in storage.");
            if (input.Name != IngestionManifest.ArchiveInput)
            {
                await using var staged = await publisher.StageAsync(content, input.SizeBytes, cancellationToken);
                return (new Result(await publisher.PrepareAsync(staged, JobActor.LineOf(job), cancellationToken, arrival.RequestOf(job))), null);
            }

            await using var opened = await opener.OpenAsync(job.Model, content, cancellationToken);
            var told = arrival.With(opened);
            told.Validate(job);
            var prepared = await publisher.PrepareAsync(opened.Model, JobActor.LineOf(job), cancellationToken, told.RequestOf(job));
            told = told with { Files = await opener.StoreFilesAsync(opened, cancellationToken) };
            await told.WriteAsync(files, job.Id, cancellationToken);
            return (new Result(prepared), told.Note);
        }
        catch (LarderException e) when (e.IsPermanent)
        {
            return (new Result(null, e.Message), null);
        }
    }
}
