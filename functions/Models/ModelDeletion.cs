using Larder.Functions.Prediction;
using Larder.Inference.Sessions;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Schedules;

namespace Larder.Functions.Models;

/// <summary>Deletes a version or a whole model, whichever protocol asks: not while a schedule needs it. What was loaded of it is unloaded, and its statistics are forgotten.</summary>
public sealed class ModelDeletion(ModelRegistry registry, ScheduleStore schedules, SessionCache sessions, PredictionStatistics statistics)
{
    private const int MaxShown = 10;

    /// <summary>Deletes a model with all its versions.</summary>
    /// <inheritdoc cref="ModelRegistry.DeleteModelAsync"/>
    public async Task DeleteModelAsync(ModelName name, bool force, bool purge, string? ifMatch, string actor, CancellationToken cancellationToken)
    {
        if (!force)
            await RequireUnscheduledAsync(new ModelReference(name), cancellationToken);
        await registry.DeleteModelAsync(name, force, purge, ifMatch, actor, cancellationToken);
        Forget(name);
    }

    /// <summary>Deletes a version.</summary>
    /// <inheritdoc cref="ModelRegistry.DeleteVersionAsync"/>
    public async Task<VersionDeletion> DeleteVersionAsync(ModelName name, int? version, bool force, bool purge, string? ifMatch, string actor, CancellationToken cancellationToken)
    {
        if (!force)
            await RequireUnscheduledAsync(new ModelReference(name, version ?? (await registry.GetAsync(name, cancellationToken)).ServedVersion), cancellationToken);
        var deletion = await registry.DeleteVersionAsync(name, version, force, purge, ifMatch, actor, cancellationToken);
        Forget(name, $"{deletion.Version}");
        return deletion;
    }

    private void Forget(string name, string? version = null)
    {
        sessions.Unload(name, version);
        statistics.Forget(name, version);
    }

    private async Task RequireUnscheduledAsync(ModelReference reference, CancellationToken cancellationToken)
    {
        var needing = await schedules.NeedingAsync(reference, MaxShown + 1, cancellationToken);
        if (needing.Count == 0)
            return;
        var names = needing.Take(MaxShown).Select(schedule => $"{schedule.Name} ({schedule.Id})").ToList();
        throw new ConflictException(
            $"{reference} is needed by the schedules {string.Join(", ", names)}{(needing.Count > MaxShown ? " and others" : "")}: delete or change them first, or force the deletion.");
    }
}
