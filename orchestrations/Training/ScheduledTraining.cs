using System.Runtime.InteropServices;
using System.Text.Json;
using Larder.Registry;

namespace Larder.Orchestrations;

/// <summary>
/// Trainings by schedule: script, requirements and data set of a job that there is, with its options or others; the data set, if asked for, as it is in
/// the container <c>uploads</c> when the job runs.
/// </summary>
public sealed class ScheduledTraining(TrainingSubmitter trainings, JobSubmitter submitter, JobStore jobs, ModelRegistry registry) : IScheduledJob
{
    private const string Script = "script";
    private const string Dataset = "dataset";

    /// <inheritdoc/>
    public string Type => TrainJob.Type;

    /// <inheritdoc/>
    public async Task<(ScheduledJob Job, IReadOnlyDictionary<string, string> Secrets)> CheckAsync(
        ScheduledJob job, IReadOnlyDictionary<string, string> known, CancellationToken cancellation)
    {
        if ((job.Inputs.Job is null) == (job.Inputs.Version is null))
            throw new InvalidRequestException("job.inputs of a training must have either a job or a version, whose script it runs again.");
        if (job.Inputs.Dataset is { } path)
            ScheduledUpload.Validate(path);
        var options = job.Options is { } json ? Unmasked(TrainOptions.Schema.Read(JsonMarshal.GetRawUtf8Value(json).ToArray()), known) : null;
        if (options is not null)
            trainings.Validate(options);
        try
        {
            await SourceAsync(job, cancellation);
        }
        catch (NotFoundException e)
        {
            throw new InvalidRequestException($"job.inputs: {e.Message}");
        }

        return (job with { Options = options?.ToMaskedJson() }, options?.Secrets() ?? new Dictionary<string, string>());
    }

    /// <inheritdoc/>
    public async Task<JobRequest> RequestAsync(ScheduledJob job, IReadOnlyDictionary<string, string> secrets, CancellationToken cancellation)
    {
        var source = await SourceAsync(job, cancellation);
        if (job.Inputs.Dataset is { } path)
            source = source with { Inputs = [.. source.Inputs.Where(input => input.Name != Dataset)], Source = path };
        if (job.Options is not { } options)
            return await submitter.AgainAsync(source, cancellation) with { Model = job.Model };
        var request = await submitter.AgainAsync(source with { Options = options }, cancellation);
        return request with { Model = job.Model, Secrets = secrets, MaxAttempts = options.Deserialize<TrainOptions>(RegistryJson.Options)!.Attempts };
    }

    private static TrainOptions Unmasked(TrainOptions options, IReadOnlyDictionary<string, string> known) => options with
    {
        Environment = options.Environment.ToDictionary(variable => variable.Key, variable => variable.Value switch
        {
            { IsSecret: true, Value: TrainOptions.Masked } => known.TryGetValue(variable.Key, out var value)
                ? new EnvironmentValue(value, IsSecret: true)
                : throw new InvalidRequestException($"/environment/{variable.Key} is masked, and the schedule has no value for it: give the value."),
            var given => given,
        }),
    };

    private async Task<Job> SourceAsync(ScheduledJob job, CancellationToken cancellation)
    {
        var id = job.Inputs.Job ?? await MakerAsync(ModelReference.Parse(job.Inputs.Version!), cancellation);
        var source = await jobs.GetAsync(id, cancellation);
        return source.Type == Type && source.Inputs.Any(input => input.Name == Script)
            ? source
            : throw new InvalidRequestException($"The job {source.Id} is no training: it has no script to run again.");
    }

    private async Task<string> MakerAsync(ModelReference reference, CancellationToken cancellation) =>
        (await registry.ResolveAsync(reference, cancellation)).Version.Job
        ?? throw new InvalidRequestException($"{reference} was made by no job.");
}
