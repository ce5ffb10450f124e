using Larder.Registry;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations;

/// <summary>Looks into a model that arrived: opens it if it is an archive, validates it as an upload is, and stores it as an artifact.</summary>
public sealed class CheckArrival(JobSteps steps, JobFiles files, IArtifactStore artifacts, ModelPublisher publisher, ArchiveOpener opener)
{
    /// <summary>What came of it.</summary>
    /// <param name="Model">The model, validated and stored.</param>
    /// <param name="Reason">Why it cannot be served.</param>
    public sealed record Result(PreparedModel? Model, string? Reason = null);

    /// <summary>Runs it.</summary>
    [Function(ActivityNames.CheckArrival)]
    public async Task<Result> Run([ActivityTrigger] string job, CancellationToken cancellation)
    {
        var (result, _) = await steps.RunAsync(
            job, "validate", 0, found => CheckAsync(found, cancellation), detail: Detail, cancellation: cancellation);
        return result;
    }

    private static string? Detail((Result Result, string? Note) made) => made.Result.Model is { } model
        ? $"{model.SizeBytes} bytes, {model.Description.Signature.Inputs.Count} inputs, {model.Description.Signature.Outputs.Count} outputs. {made.Note}".TrimEnd()
        : made.Result.Reason;

    private async Task<(Result Result, string? Note)> CheckAsync(Job job, CancellationToken cancellation)
    {
        var arrival = await Arrival.ReadAsync(files, job.Id, cancellation);
        var input = job.Inputs[0];
        try
        {
            arrival.Validate(job);
            await using var content = await artifacts.OpenReadAsync(input.Sha256, cancellation: cancellation)
                ?? throw new StorageUnavailableException("What was staged is missing in storage.");
            if (input.Name != Arrival.ArchiveInput)
            {
                await using var staged = await publisher.StageAsync(content, input.SizeBytes, cancellation);
                return (new Result(await publisher.PrepareAsync(staged, JobActor.LineOf(job), cancellation)), null);
            }

            var (model, told, note) = await opener.OpenAsync(job, content, arrival, cancellation);
            await using (model)
            {
                var prepared = await publisher.PrepareAsync(model, JobActor.LineOf(job), cancellation);
                await told.WriteAsync(files, job.Id, cancellation);
                return (new Result(prepared), note);
            }
        }
        catch (Exception e) when (Arrivals.IsRefusal(e))
        {
            return (new Result(null, e.Message), null);
        }
    }
}
