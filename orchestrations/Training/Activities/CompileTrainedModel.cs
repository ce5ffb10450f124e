using System.Text.Json;
using Larder.Inference;
using Larder.Inference.Compilation;
using Larder.Inference.Sessions;
using Larder.Orchestrations.Compute;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Publishing;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations.Training.Activities;

/// <summary>
/// Writes ONNX Runtime's optimised graph of a trained model, and stores it if it gives the same outputs as the original on the job's samples
/// (<c>samples.json</c> among its outputs), or on generated ones. Otherwise the job has the original only, and says why.
/// </summary>
public sealed class CompileTrainedModel(
    JobSteps steps, JobFiles files, ArtifactFileCache artifacts, ModelCompiler compiler, ModelPublisher publisher, StagingArea staging, PublishingOptions publishing)
{
    private const string SamplesFile = "samples.json";
    private const long MaxSamplesBytes = 16 << 20;

    /// <summary>The model to compile.</summary>
    /// <param name="Id">The attempt that trained it.</param>
    /// <param name="Model">The original.</param>
    public sealed record Input(ComputeId Id, ValidatedArtifact Model);

    /// <summary>The outcome.</summary>
    /// <param name="Model">The optimised model, validated and stored; null when there is none.</param>
    /// <param name="Reason">The outcome in a sentence.</param>
    public sealed record Result(ValidatedArtifact? Model, string Reason);

    /// <summary>Compiles a model, on the server that validated it from the file that is there already.</summary>
    [Function(ActivityNames.CompileTrainedModel)]
    public Task<Result> Run([ActivityTrigger] Input input, CancellationToken cancellationToken) => steps.RunAsync(
        input.Id.Job,
        "compile",
        input.Id.Attempt,
        job => CompileAsync(job, input, cancellationToken),
        (job, result) => job with { Compilation = result.Reason },
        result => result.Reason,
        cancellationToken: cancellationToken);

    private async Task<Result> CompileAsync(Job job, Input input, CancellationToken cancellationToken)
    {
        if (input.Model.Files.Count > 0)
            return new Result(null, "It was not compiled: its weights are in files of their own, and the optimised graph would be one file. Save the model with its weights inside to have it compiled.");
        var tolerance = JobOptions.Of<TrainOptions>(job).Compile!;
        var optimized = staging.NewPath();
        try
        {
            using var original = await artifacts.RentAsync(input.Model.Sha256, input.Model.SizeBytes, cancellationToken);
            var samples = await SamplesAsync(job, input.Id.Attempt, cancellationToken);
            var result = await compiler.CompileAsync(
                original.Path, optimized, input.Model.Description.Signature, samples, tolerance.Atol, tolerance.Rtol, cancellationToken, JobActor.LineOf(job));
            if (!result.IsSame)
                return new Result(null, result.Reason);
            await using var staged = await StagingArea.TakeAsync(optimized, "optimised model", publishing.ModelBytes, cancellationToken);
            return new Result(await publisher.PrepareAsync(staged, JobActor.LineOf(job), cancellationToken), result.Reason);
        }
        catch (Exception e) when (e is LarderException { IsPermanent: true } or JsonException)
        {
            return new Result(null, $"It was not compiled: {e.Message}");
        }
        finally
        {
            File.Delete(optimized);
        }
    }

    private async Task<IReadOnlyList<JsonElement>?> SamplesAsync(Job job, int attempt, CancellationToken cancellationToken)
    {
        if (!job.Outputs.Any(output => output.Path == SamplesFile))
            return null;
        var stored = await files.ReadAsync(job.Id, JobPaths.Outputs(attempt) + SamplesFile, MaxSamplesBytes, cancellationToken)
            ?? throw new TooLargeException($"{SamplesFile} is limited to {MaxSamplesBytes} bytes.");
        return stored.ToObjectFromJson<List<JsonElement>>();
    }
}
