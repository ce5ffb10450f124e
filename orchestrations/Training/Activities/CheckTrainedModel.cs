using Larder.Inference;
using Larder.Orchestrations.Compute;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Publishing;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations.Training.Activities;

/// <summary>Finds the model that an attempt left, validates it as an upload is, and stores it as an artifact. For callers these are two steps of the job.</summary>
public sealed class CheckTrainedModel(JobSteps steps, JobFiles files, ModelStager stager, ModelPublisher publisher)
{
    /// <summary>What was found.</summary>
    /// <param name="Path">The model's path in the job's container.</param>
    /// <param name="Model">The model, validated and stored.</param>
    /// <param name="Reason">Why there is no model, or why it cannot be served.</param>
    public sealed record Result(string? Path, ValidatedArtifact? Model, string? Reason = null);

    /// <summary>Finds and validates the model of an attempt whose results are collected.</summary>
    [Function(ActivityNames.CheckTrainedModel)]
    public async Task<Result> Run([ActivityTrigger] ComputeId id, CancellationToken cancellationToken)
    {
        var found = await steps.RunAsync(
            id.Job,
            "find",
            id.Attempt,
            job => new TrainedModelFinder(files).FindAsync(job, id, cancellationToken),
            detail: found => found.Reason ?? found.Path![JobPaths.Attempt(id.Attempt).Length..],
            cancellationToken: cancellationToken);
        if (found.Path is not { } path)
            return new Result(null, null, found.Reason);
        return await steps.RunAsync(
            id.Job,
            "validate",
            id.Attempt,
            job => CheckAsync(job, path, cancellationToken),
            detail: result => result.Reason ?? $"{result.Model!.SizeBytes} bytes, {result.Model.Description.Signature.Inputs.Count} inputs, {result.Model.Description.Signature.Outputs.Count} outputs.",
            cancellationToken: cancellationToken);
    }

    private async Task<Result> CheckAsync(Job job, string path, CancellationToken cancellationToken)
    {
        await using var content = await files.OpenReadAsync(job.Id, path, cancellationToken: cancellationToken);
        if (content is null)
            return new Result(path, null, "The model was removed after the training had ended.");
        try
        {
            var folder = path[..(path.LastIndexOf('/') + 1)];
            await using var staged = await stager.StageAsync(content, path[folder.Length..], (name, stop) => files.OpenReadAsync(job.Id, folder + name, cancellationToken: stop), cancellationToken);
            return new Result(path, await publisher.PrepareAsync(staged, JobActor.LineOf(job), cancellationToken));
        }
        catch (LarderException e) when (e.IsPermanent)
        {
            return new Result(path, null, $"The trained model cannot be served: {e.Message}");
        }
    }
}
