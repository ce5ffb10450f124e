using Larder.Inference;
using Larder.Inference.Validation;
using Larder.Orchestrations.Compute;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Publishing;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations.Training.Activities;

/// <summary>Validates a trained model as an upload is, and stores it as an artifact.</summary>
public sealed class CheckTrainedModel(JobSteps steps, JobFiles files, ModelPublisher publisher)
{
    /// <summary>Which file.</summary>
    /// <param name="Id">The attempt.</param>
    /// <param name="Path">Where it is in the job's container.</param>
    public sealed record Input(ComputeId Id, string Path);

    /// <summary>What came of it.</summary>
    /// <param name="Model">The model, validated and stored.</param>
    /// <param name="Reason">Why it cannot be served.</param>
    public sealed record Result(ValidatedArtifact? Model, string? Reason = null);

    /// <summary>Runs it.</summary>
    [Function(ActivityNames.CheckTrainedModel)]
    public Task<Result> Run([ActivityTrigger] Input input, CancellationToken cancellationToken) => steps.RunAsync(
        input.Id.Job,
        "validate",
        input.Id.Attempt,
        job => CheckAsync(job, input, cancellationToken),
        detail: result => result.Reason ?? $"{result.Model!.SizeBytes} bytes, {result.Model.Description.Signature.Inputs.Count} inputs, {result.Model.Description.Signature.Outputs.Count} outputs.",
        cancellationToken: cancellationToken);

    private async Task<Result> CheckAsync(Job job, Input input, CancellationToken cancellationToken)
    {
        await using var content = await files.OpenReadAsync(input.Id.Job, input.Path, cancellationToken: cancellationToken);
        if (content is null)
            return new Result(null, "The model was removed after the training had ended.");
        try
        {
            await using var staged = await publisher.StageAsync(content, cancellationToken: cancellationToken);
            return new Result(await publisher.PrepareAsync(staged, JobActor.LineOf(job), cancellationToken));
        }
        catch (LarderException e) when (e.IsPermanent)
        {
            return new Result(null, $"The trained model cannot be served: {e.Message}");
        }
    }
}
