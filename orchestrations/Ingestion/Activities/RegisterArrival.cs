using Larder.Registry;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations;

/// <summary>Makes a model that arrived a version, once, however often this runs; then moves the aliases that it came with.</summary>
public sealed class RegisterArrival(JobSteps steps, JobFiles files, ModelPublisher publisher, ModelRegistry registry)
{
    /// <summary>What to register.</summary>
    /// <param name="Job">The job's id.</param>
    /// <param name="Model">The model.</param>
    public sealed record Input(string Job, PreparedModel Model);

    /// <summary>What came of it.</summary>
    /// <param name="Version">The number of the version.</param>
    /// <param name="Reason">Why there is none; or, beside a version, what did not work after it.</param>
    public sealed record Result(int? Version, string? Reason = null);

    /// <summary>Runs it.</summary>
    [Function(ActivityNames.RegisterArrival)]
    public Task<Result> Run([ActivityTrigger] Input input, CancellationToken cancellation) => steps.RunAsync(
        input.Job,
        "register",
        0,
        job => RegisterAsync(job, input.Model, cancellation),
        (job, result) => job with { Version = result.Version },
        result => result.Reason ?? $"Version {result.Version}.",
        cancellation);

    // Not cancelled by a host that stops: what is done here cannot be undone, so it is done whole.
    private async Task<Result> RegisterAsync(Job job, PreparedModel model, CancellationToken cancellation)
    {
        var arrival = await Arrival.ReadAsync(files, job.Id, cancellation);
        int version;
        try
        {
            version = (await publisher.PublishAsync(job.Model, model, arrival.RequestOf(job), CancellationToken.None)).Version.Version;
        }
        catch (Exception e) when (Arrivals.IsRefusal(e))
        {
            return new Result(null, e.Message);
        }

        var problems = new List<string>();
        foreach (var alias in arrival.Aliases)
        {
            try
            {
                await registry.SetAliasAsync(job.Model, alias, version, actor: JobActor.Of(job), cancellation: CancellationToken.None);
            }
            catch (Exception e) when (e is InvalidRequestException or NotFoundException or ConflictException)
            {
                problems.Add($"The alias {alias} did not move: {e.Message}");
            }
        }

        return new Result(version, problems.Count == 0 ? null : string.Join(' ', problems));
    }
}
