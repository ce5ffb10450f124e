using Larder.Orchestrations.Datasets;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Schedules;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Models;
using Larder.Registry.Schedules;

namespace Larder.Orchestrations.Training;

/// <summary>
/// Trainings by schedule: script, requirements and data set of a job that there is, with its options or others; the data set, if asked for, another one, as
/// it is when the job runs.
/// </summary>
public sealed class ScheduledTraining(
    TrainingSubmitter trainings, JobSubmitter submitter, JobAccess access, ModelScopes scopes, ModelRegistry registry, DatasetFinder finder, JobLimits limits) : IScheduledJob
{
    private const string Script = "script";

    /// <inheritdoc/>
    public string Type => TrainJob.Type;

    /// <inheritdoc/>
    public async Task<(ScheduledJob Job, IReadOnlyDictionary<string, string> Secrets)> CheckAsync(
        Caller caller, ScheduledJob job, IReadOnlyDictionary<string, string> known, CancellationToken cancellationToken)
    {
        if ((job.Inputs.Job is null) == (job.Inputs.Version is null))
            throw new InvalidRequestException("job.inputs of a training must have either a job or a version, whose script it runs again.");
        if (job.Inputs.Blob is not null)
            throw new InvalidRequestException("job.inputs of a training has no blob: name a dataset.");
        if (job.Inputs.Dataset is { } address)
            await ScheduledPaths.RequireDatasetAsync(finder, caller, address, cancellationToken);
        var options = job.Options is { } json ? Unmasked(TrainOptions.Schema.ReadOrDefault(json), known) : null;
        if (options is not null)
            trainings.Validate(options);
        try
        {
            await SourceAsync(caller, job, cancellationToken);
        }
        catch (NotFoundException e)
        {
            throw new InvalidRequestException($"job.inputs: {e.Message}");
        }

        return (job with { Options = options?.ToMaskedJson() }, options?.Secrets() ?? new Dictionary<string, string>());
    }

    /// <inheritdoc/>
    public async Task<JobRequest> RequestAsync(Caller caller, ScheduledJob job, IReadOnlyDictionary<string, string> secrets, CancellationToken cancellationToken)
    {
        var source = await SourceAsync(caller, job, cancellationToken);
        // Another data set takes the place of one that need not be stored any more.
        if (job.Inputs.Dataset is not null)
            source = source with { Inputs = [.. source.Inputs.Where(input => input.Name != FoundDataset.InputName)], Source = null };
        var request = await submitter.AgainAsync(job.Options is { } given ? source with { Options = given } : source, cancellationToken) with { Model = job.Model };
        if (job.Options is { } options)
        {
            var url = request.Secrets.Where(secret => secret.Key == DatasetSource.UrlSecret);
            request = request with
            {
                Secrets = secrets.Concat(url).ToDictionary(),
                MaxAttempts = JobOptions.Of<TrainOptions>(options).Attempts,
            };
        }

        if (job.Inputs.Dataset is not { } address)
            return request;
        await finder.RequireInScopeAsync(caller, address, cancellationToken);
        var dataset = DatasetSource.IsUpload(address) ? finder.Unpinned(address) : await finder.FindAsync(caller, address, limits.DatasetBytes, cancellationToken);
        return dataset.GivenTo(request);
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

    private async Task<Job> SourceAsync(Caller caller, ScheduledJob job, CancellationToken cancellationToken)
    {
        var id = job.Inputs.Job ?? await MakerAsync(caller, ModelReference.Parse(job.Inputs.Version!), cancellationToken);
        var source = await access.OpenAsync(caller, id, JobWay.ReadInputs, cancellationToken);
        return source.Type == Type && source.Inputs.Any(input => input.Name == Script)
            ? source
            : throw new InvalidRequestException($"The job {source.Id} is no training: it has no script to run again.");
    }

    private async Task<string> MakerAsync(Caller caller, ModelReference reference, CancellationToken cancellationToken)
    {
        await scopes.RequireAsync(caller, reference.Name, cancellationToken);
        return (await registry.ResolveAsync(reference, cancellationToken)).Version.Job ?? throw new InvalidRequestException($"{reference} was made by no job.");
    }
}
