using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Schedules;
using Larder.Orchestrations.Scoring;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Schedules;

namespace Larder.Orchestrations.Datasets;

/// <summary>Jobs by schedule that read a data set, as it is when the job runs, for the version that the reference stands for then.</summary>
/// <typeparam name="TOptions">The options of such jobs.</typeparam>
public abstract class ScheduledDatasetJob<TOptions>(DatasetJobSubmitter<TOptions> submitter, DatasetFinder finder, ScoringLimits limits) : IScheduledJob
    where TOptions : class
{
    /// <inheritdoc/>
    public abstract string Type { get; }

    /// <inheritdoc/>
    public async Task<(ScheduledJob Job, IReadOnlyDictionary<string, string> Secrets)> CheckAsync(
        Caller caller, ScheduledJob job, IReadOnlyDictionary<string, string> known, CancellationToken cancellationToken)
    {
        if (job.Inputs is not { Job: null, Blob: null, Dataset: { } dataset })
            throw new InvalidRequestException($"job.inputs of a job of the type {Type} must have a dataset, and no job or blob.");
        await ScheduledPaths.RequireDatasetAsync(finder, caller, dataset, cancellationToken);
        if (job.Inputs.Version is { } version && ModelReference.Parse(version).Name != job.Model)
            throw new InvalidRequestException($"job.inputs.version must be one of {job.Model}, the model that the job is about.");
        try
        {
            await RequestAsync(caller, job, dataset, cancellationToken);
        }
        catch (NotFoundException e)
        {
            throw new InvalidRequestException($"job.inputs: {e.Message}");
        }

        return (job, new Dictionary<string, string>());
    }

    /// <inheritdoc/>
    public async Task<JobRequest> RequestAsync(Caller caller, ScheduledJob job, IReadOnlyDictionary<string, string> secrets, CancellationToken cancellationToken)
    {
        var dataset = job.Inputs.Dataset!;
        var found = await finder.FindAsync(caller, dataset, limits.DatasetBytes, cancellationToken);
        var request = await RequestAsync(caller, job, dataset, cancellationToken);
        return (DatasetSource.IsUpload(dataset) ? finder.Unpinned(dataset) : found).GivenTo(request);
    }

    private Task<JobRequest> RequestAsync(Caller caller, ScheduledJob job, string dataset, CancellationToken cancellationToken) =>
        submitter.RequestAsync(caller, job.Inputs.Version ?? job.Model, finder.FileNameOf(dataset), submitter.Schema.ReadOrDefault(job.Options), cancellationToken);
}
