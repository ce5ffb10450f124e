using Larder.Inference;
using Larder.Registry.Errors;
using Larder.Registry.GarbageCollection;
using Larder.Tracking.Experiments;
using Larder.Tracking.LoggedModels;
using Larder.Tracking.Runs;

namespace Larder.Tracking;

/// <summary>
/// Deletes experiments, runs and logged models for good: at once when a caller asks for it, or in the garbage collection when they were deleted longer ago than
/// <see cref="RetentionOptions.Deleted"/>. Every step may be repeated, and several hosts may do it at a time.
/// </summary>
/// <param name="experiments">The experiments.</param>
/// <param name="runs">The runs.</param>
/// <param name="models">The logged models.</param>
/// <param name="retention">How long what is deleted can be restored.</param>
public sealed class TrackingGarbageCollector(ExperimentStore experiments, RunStore runs, LoggedModelStore models, RetentionOptions retention)
{
    /// <summary>Deletes a deleted experiment for good, with all its runs and logged models.</summary>
    /// <exception cref="NotFoundException">There is no such experiment.</exception>
    /// <exception cref="InvalidRequestException">It is not deleted.</exception>
    public async Task PurgeExperimentAsync(string id, CancellationToken cancellationToken = default)
    {
        TrackingRules.RequireExperimentId(id);
        await PurgeExperimentAsync(id, DateTimeOffset.MaxValue, cancellationToken);
    }

    /// <summary>Runs one collection.</summary>
    /// <param name="now">The current time.</param>
    /// <param name="cancellationToken">Cancels the operation; the next collection does the rest.</param>
    /// <returns>How many experiments, runs and logged models were deleted for good.</returns>
    public async Task<(int Experiments, int Runs, int Models)> RunAsync(DateTimeOffset now, CancellationToken cancellationToken = default)
    {
        var before = now - retention.Deleted;
        var (purgedExperiments, purgedRuns, purgedModels) = (0, 0, 0);
        // Runs and models first: an experiment that is created meanwhile is in the list of experiments that is read after them.
        var found = new List<(string Id, string Experiment, bool IsOver)>();
        await foreach (var run in runs.ScanAsync(cancellationToken))
        {
            var value = run.Value;
            found.Add((value.Run.Id, value.Run.ExperimentId, value.IsPurging || value.Run.DeletedAt < before));
        }
        var foundModels = new List<(string Id, string Experiment, bool IsOver)>();
        await foreach (var model in models.ScanAsync(cancellationToken))
        {
            var value = model.Value;
            foundModels.Add((value.Id, value.ExperimentId, value.IsPurging || value.DeletedAt < before));
        }
        var known = new HashSet<string>(StringComparer.Ordinal);
        var over = new List<string>();
        await foreach (var experiment in experiments.ScanAsync(cancellationToken))
        {
            known.Add(experiment.Id);
            if (experiment.Value.IsPurging || experiment.Value.DeletedAt < before)
                over.Add(experiment.Id);
        }

        await runs.CollectArtifactsAsync([.. found.Concat(foundModels).Select(owner => owner.Id)], cancellationToken);
        foreach (var run in found)
        {
            // A run that was created while its experiment was deleted for good has none.
            if (!run.IsOver && known.Contains(run.Experiment))
                continue;
            var isOrphan = !known.Contains(run.Experiment);
            purgedRuns += await PurgeRunAsync(run.Id, current => isOrphan || current.DeletedAt < before, cancellationToken) ? 1 : 0;
        }
        foreach (var model in foundModels)
        {
            var isOrphan = !known.Contains(model.Experiment);
            if (model.IsOver || isOrphan)
                purgedModels += await models.PurgeIfAsync(model.Id, current => isOrphan || current.DeletedAt < before, cancellationToken) ? 1 : 0;
        }
        foreach (var id in over)
        {
            try
            {
                await PurgeExperimentAsync(id, before, cancellationToken);
                purgedExperiments++;
            }
            catch (LarderException e) when (e is NotFoundException or InvalidRequestException)
            {
                // It was restored, or another host was faster.
            }
        }
        return (purgedExperiments, purgedRuns, purgedModels);
    }

    private async Task PurgeExperimentAsync(string id, DateTimeOffset deletedBefore, CancellationToken cancellationToken)
    {
        var experiment = await experiments.BeginPurgeAsync(id, deletedBefore, cancellationToken);
        await foreach (var run in runs.ListAsync(id, cancellationToken))
            await PurgeRunAsync(run, _ => true, cancellationToken);
        await foreach (var model in models.ListAsync(id, cancellationToken))
            await models.PurgeIfAsync(model, _ => true, cancellationToken);
        await experiments.EndPurgeAsync(experiment, cancellationToken);
    }

    private async Task<bool> PurgeRunAsync(string id, Func<Run, bool> isOver, CancellationToken cancellationToken)
    {
        try
        {
            return await runs.PurgeIfAsync(id, isOver, cancellationToken);
        }
        catch (NotFoundException)
        {
            // Another host does it, or did it in part.
            await runs.EndPurgeAsync(id, cancellationToken);
            return false;
        }
    }
}
