using System.Text.Json;
using Larder.Orchestrations.Datasets;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Schedules;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Schedules;

namespace Larder.Orchestrations.Scoring;

/// <summary>Scorings by schedule.</summary>
public sealed class ScheduledScoring(ScoringSubmitter scorings, DatasetFinder finder, ScoringLimits limits) : ScheduledDatasetJob(finder, limits)
{
    /// <inheritdoc/>
    public override string Type => ScoreJob.Type;

    /// <inheritdoc/>
    protected override Task<JobRequest> RequestAsync(Caller caller, string reference, string fileName, JsonElement? options, CancellationToken cancellationToken) =>
        scorings.RequestAsync(reference, fileName, ScoreOptions.Schema.ReadOrDefault(options), cancellationToken);
}

/// <summary>Jobs by schedule that read a data set, as it is when the job runs, for the version that the reference stands for then.</summary>
public abstract class ScheduledDatasetJob(DatasetFinder finder, ScoringLimits limits) : IScheduledJob
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
            await RequestAsync(caller, ReferenceOf(job), finder.FileNameOf(dataset), job.Options, cancellationToken);
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
        var request = await RequestAsync(caller, ReferenceOf(job), finder.FileNameOf(dataset), job.Options, cancellationToken);
        return (DatasetSource.IsUpload(dataset) ? finder.Unpinned(dataset) : found).GivenTo(request);
    }

    /// <summary>What the job asks for, but for its data set.</summary>
    /// <param name="caller">As whom it runs.</param>
    /// <param name="reference">The model, and which version.</param>
    /// <param name="fileName">What the data set is called.</param>
    /// <param name="options">Its options as they are stored.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    protected abstract Task<JobRequest> RequestAsync(Caller caller, string reference, string fileName, JsonElement? options, CancellationToken cancellationToken);

    private static string ReferenceOf(ScheduledJob job) => job.Inputs.Version ?? job.Model;
}
