using System.Text.Json;
using Larder.Inference;
using Larder.Inference.Compilation;
using Larder.Inference.Tensors;
using Larder.Inference.Validation;
using Larder.Orchestrations.Compute;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Larder.Registry.Storage;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations.Training.Activities;

/// <summary>
/// Writes ONNX Runtime's optimised graph of a trained model, and stores it if it gives the same as the original on the job's samples
/// (<c>samples.json</c> among its outputs), or on made-up ones. Anything else leaves the original alone, and the job says why.
/// </summary>
public sealed class CompileTrainedModel(
    JobSteps steps, JobFiles files, IArtifactStore artifacts, ModelCompiler compiler, ModelPublisher publisher, StagingArea staging)
{
    private const string SamplesFile = "samples.json";
    private const long MaxSamplesBytes = 16 << 20;

    /// <summary>Which model.</summary>
    /// <param name="Id">The attempt.</param>
    /// <param name="Model">The original.</param>
    public sealed record Input(ComputeId Id, ValidatedArtifact Model);

    /// <summary>What came of it.</summary>
    /// <param name="Model">The optimised model, validated and stored; null when there is none.</param>
    /// <param name="Reason">What happened, in a sentence.</param>
    public sealed record Result(ValidatedArtifact? Model, string Reason);

    /// <summary>Runs it.</summary>
    [Function(ActivityNames.CompileTrainedModel)]
    public Task<Result> Run([ActivityTrigger] Input input, CancellationToken cancellationToken) => steps.RunAsync(
        input.Id.Job,
        "compile",
        input.Id.Attempt,
        job => CompileAsync(job, input, cancellationToken),
        (job, result) => job with { Compilation = result.Reason },
        result => result.Reason,
        cancellationToken);

    private async Task<Result> CompileAsync(Job job, Input input, CancellationToken cancellationToken)
    {
        var tolerance = job.Options.Deserialize<TrainOptions>(RegistryJson.Options)!.Compile!;
        var (original, optimized) = (staging.NewPath(), staging.NewPath());
        try
        {
            await DownloadAsync(input.Model.Sha256, original, cancellationToken);
            var samples = await SamplesAsync(job, input.Id.Attempt, cancellationToken);
            var result = await compiler.CompileAsync(
                original, optimized, input.Model.Description.Signature, samples, tolerance.Atol, tolerance.Rtol, cancellationToken, JobActor.LineOf(job));
            if (!result.IsSame)
                return new Result(null, result.Reason);
            await using var file = File.OpenRead(optimized);
            await using var staged = await publisher.StageAsync(file, file.Length, cancellationToken);
            return new Result(await publisher.PrepareAsync(staged, JobActor.LineOf(job), cancellationToken), result.Reason);
        }
        catch (Exception e) when (e is LarderException { IsPermanent: true } or JsonException)
        {
            return new Result(null, $"It was not compiled: {e.Message}");
        }
        finally
        {
            File.Delete(original);
            File.Delete(optimized);
        }
    }

    private async Task DownloadAsync(string sha256, string path, CancellationToken cancellationToken)
    {
        await using var content = await artifacts.OpenReadAsync(sha256, cancellationToken: cancellationToken)
            ?? throw new StorageUnavailableException($"The artifact {sha256} is missing in storage.");
        await using var file = File.Create(path);
        await content.CopyToAsync(file, cancellationToken);
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
