using Larder.Inference;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations.Ingestion.Activities;

/// <summary>Makes a model that arrived a version, once, however often this runs; then moves the aliases that it came with.</summary>
public sealed class RegisterIngestedModel(JobSteps steps, JobFiles files, ModelPublisher publisher, ModelRegistry registry)
{
    /// <summary>What to register.</summary>
    /// <param name="Job">The job's id.</param>
    /// <param name="Model">The model.</param>
    public sealed record Input(string Job, ValidatedArtifact Model);

    /// <summary>The outcome.</summary>
    /// <param name="Version">The number of the version.</param>
    /// <param name="Reason">Why there is none; or, beside a version, what did not work after it.</param>
    public sealed record Result(int? Version, string? Reason = null);

    /// <summary>Registers a validated model.</summary>
    [Function(ActivityNames.RegisterArrival)]
    public Task<Result> Run([ActivityTrigger] Input input, CancellationToken cancellationToken) => steps.RunAsync(
        input.Job,
        "register",
        0,
        job => RegisterAsync(job, input.Model, cancellationToken),
        (job, result) => job with { Version = result.Version },
        result => result.Reason ?? $"Version {result.Version}.",
        cancellationToken: cancellationToken);

    // Not cancelled by a host that stops: what is done here cannot be undone, so it is done whole.
    private async Task<Result> RegisterAsync(Job job, ValidatedArtifact model, CancellationToken cancellationToken)
    {
        var arrival = await IngestionManifest.ReadAsync(files, job.Id, cancellationToken);
        ModelName name;
        int version;
        try
        {
            name = ModelName.Parse(job.Model);
            version = (await publisher.PublishAsync(name, model, arrival.RequestOf(job), CancellationToken.None)).Version.Version;
        }
        catch (LarderException e) when (e.IsPermanent)
        {
            return new Result(null, e.Message);
        }

        var problems = new List<string>();
        foreach (var alias in arrival.Aliases)
        {
            try
            {
                await registry.SetAliasAsync(name, alias, version, actor: JobActor.Of(job), cancellationToken: CancellationToken.None);
            }
            catch (LarderException e) when (e.IsPermanent)
            {
                problems.Add($"The alias {alias} did not move: {e.Message}");
            }
        }

        return new Result(version, problems.Count == 0 ? null : string.Join(' ', problems));
    }
}
