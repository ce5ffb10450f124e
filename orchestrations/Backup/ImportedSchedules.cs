using Larder.Inference;
using Larder.Orchestrations.Schedules;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Schedules;

namespace Larder.Orchestrations.Backup;

/// <summary>What becomes of schedules that are imported: those that can run here do, the others are paused and say why.</summary>
/// <param name="starter">Knows what can be run.</param>
/// <param name="store">The schedules that are here.</param>
/// <param name="options">How many there may be.</param>
/// <param name="time">For times and waits.</param>
public sealed class ImportedSchedules(ScheduleStarter starter, ScheduleStore store, ScheduleOptions options, TimeProvider time)
{
    private static readonly Dictionary<string, string> NoSecrets = [];

    /// <summary>Refuses what could be no schedule anywhere.</summary>
    /// <exception cref="InvalidRequestException">It is such: why.</exception>
    internal void Check(Schedule schedule)
    {
        ScheduleClock.ZoneOf(schedule.TimeZone);
        if (starter.TypeOf(schedule.Job.Type).IsAboutModel)
            _ = ModelName.Parse(schedule.Job.Model);
        if (schedule.Name.Length == 0)
            throw new InvalidRequestException("A schedule needs a name.");
    }

    /// <summary>Refuses more schedules than there may be.</summary>
    /// <exception cref="ConflictException">There would be.</exception>
    internal async Task RequireRoomAsync(int more, CancellationToken cancellationToken)
    {
        if (more == 0)
            return;
        var there = await store.CountAsync(cancellationToken);
        if (there + more > options.MaxSchedules)
            throw new ConflictException($"There are {there} schedules, and the archive has {more} more; {options.MaxSchedules} is the most.");
    }

    /// <summary>A schedule as it begins here.</summary>
    /// <param name="schedule">As it was where it comes from.</param>
    /// <param name="importer">Who imports it: its jobs are made with these rights.</param>
    /// <param name="arePaused">Whether the schedule is imported paused.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>It, and why it is paused if it cannot run.</returns>
    internal async Task<(Schedule Schedule, string? Reason)> PrepareAsync(Schedule schedule, Caller importer, bool arePaused, CancellationToken cancellationToken)
    {
        var reason = await WhyNotAsync(schedule, importer, cancellationToken);
        var now = time.GetUtcNow();
        var begun = schedule with { Maker = importer, Enabled = schedule.Enabled && !arePaused && reason is null };
        var progress = new ScheduleProgress { NextRun = begun.Enabled ? ScheduleClock.Of(schedule.Cron, schedule.TimeZone).NextAfter(now) : null };
        if (reason is not null)
            progress = progress.With(new ScheduleRun { Due = now, At = now, Outcome = RunOutcome.Skipped, Reason = reason });
        return (begun with { Progress = progress }, reason);
    }

    private async Task<string?> WhyNotAsync(Schedule schedule, Caller importer, CancellationToken cancellationToken)
    {
        try
        {
            // An earlier release, where the archive may come from, took other expressions.
            ScheduleExpression.Parse(schedule.Cron);
            await starter.TypeOf(schedule.Job.Type).CheckAsync(importer, schedule.Job, NoSecrets, cancellationToken);
            return null;
        }
        catch (LarderException e) when (e.IsPermanent)
        {
            return $"It was imported, and is paused: {e.Message}";
        }
    }
}
