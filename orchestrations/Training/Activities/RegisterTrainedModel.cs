using Larder.Inference;
using Larder.Orchestrations.Compute;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Larder.Registry.Samples;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations.Training.Activities;

/// <summary>Makes a trained model a version, and its optimised form, if there is one, another; each once, however often this runs.</summary>
public sealed class RegisterTrainedModel(JobSteps steps, JobFiles files, ModelPublisher publisher, ModelRegistry registry, SampleLimits sampleLimits)
{
    /// <summary>What to register.</summary>
    /// <param name="Id">The attempt.</param>
    /// <param name="Path">Where the model was in the job's container.</param>
    /// <param name="Model">The model.</param>
    /// <param name="Optimized">Its optimised form.</param>
    public sealed record Input(ComputeId Id, string Path, ValidatedArtifact Model, ValidatedArtifact? Optimized);

    /// <summary>The outcome.</summary>
    /// <param name="Version">The number of the version.</param>
    /// <param name="Reason">Why there is none.</param>
    public sealed record Result(int? Version, string? Reason = null);

    /// <summary>Registers a validated model and its optimised form.</summary>
    [Function(ActivityNames.RegisterTrainedModel)]
    public async Task<Result> Run([ActivityTrigger] Input input, CancellationToken cancellationToken)
    {
        var registered = await steps.RunAsync(
            input.Id.Job,
            "register",
            input.Id.Attempt,
            job => RegisterAsync(job, input),
            (job, result) => job with { Version = result.Version, OptimizedVersion = result.Optimized },
            result => result.Reason ?? (result.Optimized is null ? $"Version {result.Version}." : $"Version {result.Version}, optimised as version {result.Optimized}."),
            cancellationToken: cancellationToken);
        return new Result(registered.Version, registered.Reason);
    }

    // Not cancelled by a host that stops: what is done here cannot be undone, so it is done whole.
    private async Task<Registered> RegisterAsync(Job job, Input input)
    {
        var options = JobOptions.Of<TrainOptions>(job);
        try
        {
            var manifest = await TrainedManifest.ReadAsync(files, input.Id, CancellationToken.None);
            var request = new PublishRequest
            {
                Source = $"job:{job.Id}",
                Job = job.Id,
                Run = job.Run,
                IdempotencyKey = $"{job.Id}:model",
                FileName = Path.GetFileName(input.Path),
                Description = manifest?.Description,
                ModelDescription = manifest?.ModelDescription,
                Tags = TagsOf(manifest, options),
                Metrics = job.Metrics,
                Labels = manifest?.Labels,
                Features = manifest?.Features,
                Samples = await SamplesAsync(job, input.Id.Attempt),
                SampleTolerance = manifest?.SampleTolerance,
                Actor = JobActor.Of(job),
            };
            var name = ModelName.Parse(job.Model);
            var trained = await publisher.PublishAsync(name, input.Model, request);
            if (input.Optimized is null)
                return new Registered(trained.Version.Version, null, null);
            var optimized = await publisher.PublishAsync(
                name,
                input.Optimized,
                request with
                {
                    IdempotencyKey = $"{job.Id}:optimized",
                    OptimizedFrom = trained.Version.Version,
                    Kind = ModelVersion.OptimizedKind,
                    Labels = trained.Version.Labels,
                    Features = trained.Version.Features,
                });
            await registry.LinkOptimizedAsync(name, trained.Version.Version, optimized.Version.Version);
            return new Registered(trained.Version.Version, optimized.Version.Version, null);
        }
        catch (LarderException e) when (e.IsPermanent)
        {
            return new Registered(null, null, e.Message);
        }
    }

    private static Dictionary<string, string> TagsOf(TrainedManifest? manifest, TrainOptions options)
    {
        var tags = (manifest?.Tags ?? new Dictionary<string, string>()).ToDictionary();
        foreach (var (name, value) in options.Tags)
            tags[name] = value;
        return tags;
    }

    /// <summary>The samples among the outputs of an attempt; null when it left none.</summary>
    /// <exception cref="InvalidRequestException">They cannot be used: a sentence.</exception>
    private async Task<IReadOnlyList<GoldenSample>?> SamplesAsync(Job job, int attempt)
    {
        if (!Has(VersionFile.SampleOutputs))
            return null;
        if (!Has(VersionFile.SampleInputs))
            throw new InvalidRequestException($"The training left {VersionFile.SampleOutputs} and no {VersionFile.SampleInputs}.");
        return GoldenSamples.Read(await ReadAsync(VersionFile.SampleInputs), await ReadAsync(VersionFile.SampleOutputs), sampleLimits);

        bool Has(string name) => job.Outputs.Any(output => output.Path == name);

        async Task<BinaryData> ReadAsync(string name) =>
            await files.ReadAsync(job.Id, JobPaths.Outputs(attempt) + name, sampleLimits.Bytes, CancellationToken.None)
            ?? throw new NotFoundException($"The output {name} of the job is not there any more.");
    }

    private sealed record Registered(int? Version, int? Optimized, string? Reason);
}
