using Larder.Orchestrations.Datasets;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Schedules;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Schedules;

namespace Larder.Orchestrations.Scoring;

/// <summary>Scorings by schedule: a data set as it is when the job runs, with the version that the reference stands for then.</summary>
public sealed class ScheduledScoring(ScoringSubmitter scorings, DatasetFinder finder) : IScheduledJob
{
    /// <inheritdoc/>
    public string Type => ScoreJob.Type;

    /// <inheritdoc/>
    public async Task<(ScheduledJob Job, IReadOnlyDictionary<string, string> Secrets)> CheckAsync(
        Caller caller, ScheduledJob job, IReadOnlyDictionary<string, string> known, CancellationToken cancellationToken)
    {
        if (job.Inputs is not { Job: null, Blob: null, Dataset: { } dataset })
            throw new InvalidRequestException("job.inputs of a scoring must have a dataset, and no job or blob.");
        await ScheduledPaths.RequireDatasetAsync(finder, caller, dataset, cancellationToken);
        if (job.Inputs.Version is { } version && ModelReference.Parse(version).Name != job.Model)
            throw new InvalidRequestException($"job.inputs.version must be one of {job.Model}, the model that scores.");
        var options = ScoreOptions.Schema.ReadOrDefault(job.Options);
        try
        {
            await scorings.RequestAsync(ReferenceOf(job), finder.FileNameOf(dataset), options, cancellationToken);
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
        await finder.RequireInScopeAsync(caller, job.Inputs.Dataset!, cancellationToken);
        var options = (job.Options is { } json ? JobOptions.Of<ScoreOptions>(json) : new ScoreOptions());
        return await scorings.RequestAnewAsync(caller, ReferenceOf(job), job.Inputs.Dataset!, options, cancellationToken);
    }

    private static string ReferenceOf(ScheduledJob job) => job.Inputs.Version ?? job.Model;
}
