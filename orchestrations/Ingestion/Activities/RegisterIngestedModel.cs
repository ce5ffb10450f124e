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
    /// <param name="Reason">Why there is none; or, beside a version, what did not work after it, and what was ignored.</param>
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
        ResolvedModel published;
        try
        {
            published = await publisher.PublishAsync(ModelName.Parse(job.Model), model, arrival.RequestOf(job), CancellationToken.None);
        }
        catch (LarderException e) when (e.IsPermanent)
        {
            return new Result(null, e.Message);
        }

        var version = published.Version.Version;
        var (_, problems) = await arrival.MoveAliasesAsync(registry, published.Model, version, JobActor.Of(job));
        var told = arrival.Note is { } note ? [.. problems, note] : problems;
        return new Result(version, told.Count == 0 ? null : string.Join(' ', told));
    }
}
