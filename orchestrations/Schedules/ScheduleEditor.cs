using Larder.Orchestrations.Jobs;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Models;
using Larder.Registry.Schedules;
using Larder.Registry.Text;
using Microsoft.DurableTask.Client;

namespace Larder.Orchestrations.Schedules;

/// <summary>What people do with schedules. Everything is checked before anything is stored.</summary>
/// <param name="schedules">The schedules.</param>
/// <param name="starter">Knows what can be run, and runs it.</param>
/// <param name="access">Who may have what run.</param>
/// <param name="options">How many.</param>
/// <param name="time">For times and waits.</param>
public sealed class ScheduleEditor(ScheduleStore schedules, ScheduleStarter starter, JobAccess access, ScheduleOptions options, TimeProvider time)
{
    private const string UsualTimeZone = "UTC";

    private static readonly Dictionary<string, string> NoSecrets = [];

    /// <summary>Makes a schedule.</summary>
    /// <param name="patch">All of it.</param>
    /// <param name="caller">Who.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="InvalidRequestException">Something is missing, or cannot be had.</exception>
    /// <exception cref="ConflictException">There are as many as there may be.</exception>
    public async Task<Schedule> CreateAsync(SchedulePatch patch, Caller caller, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var schedule = await WholeAsync(patch, caller, JobId.Create(now), NoSecrets, now, cancellationToken);
        var there = await schedules.CountAsync(cancellationToken);
        if (there >= options.MaxSchedules)
            throw new ConflictException($"There are {there} schedules, which is the most: delete one first.");
        return await schedules.CreateAsync(schedule, caller.Name, cancellationToken);
    }

    /// <summary>Puts another schedule in the place of one. What it was waiting for and what it has run stays.</summary>
    /// <param name="id">Which.</param>
    /// <param name="revision">The revision that it must have; null for any.</param>
    /// <param name="patch">All of it.</param>
    /// <param name="caller">Who.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public Task<Schedule> ReplaceAsync(string id, string? revision, SchedulePatch patch, Caller caller, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return schedules.ReviseAsync(
            id,
            revision,
            "update",
            caller.Name,
            async old =>
            {
                await RequireAsync(caller, old, cancellationToken);
                return Going(old, await WholeAsync(patch, caller, id, old.Secrets, old.Created, cancellationToken) with { Revision = old.Revision, Progress = old.Progress }, now);
            },
            now,
            cancellationToken);
    }

    /// <summary>Changes what is named of a schedule.</summary>
    /// <inheritdoc cref="ReplaceAsync"/>
    public Task<Schedule> ChangeAsync(string id, string? revision, SchedulePatch patch, Caller caller, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return schedules.ReviseAsync(
            id,
            revision,
            "update",
            caller.Name,
            async old =>
            {
                await RequireAsync(caller, old, cancellationToken);
                var next = old with
                {
                    Name = patch.Name ?? old.Name,
                    Description = patch.Description ?? old.Description,
                    Cron = patch.Cron ?? old.Cron,
                    TimeZone = patch.TimeZone ?? old.TimeZone,
                    Overlap = patch.Overlap ?? old.Overlap,
                    Missed = patch.Missed ?? old.Missed,
                    Enabled = patch.Enabled ?? old.Enabled,
                    Owner = patch.Owner ?? old.Owner,
                };
                return Going(old, patch.Job is { } job ? await WithJobAsync(next, job, caller, old.Secrets, cancellationToken) : next, now);
            },
            now,
            cancellationToken);
    }

    /// <summary>Pauses a schedule, or lets it go on. Nothing that comes while it is paused is made up for, and what was waiting is left out.</summary>
    public Task<Schedule> EnableAsync(string id, string? revision, bool enabled, Caller caller, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return schedules.ReviseAsync(
            id,
            revision,
            enabled ? "resume" : "pause",
            caller.Name,
            async old =>
            {
                await RequireAsync(caller, old, cancellationToken);
                return old.Enabled == enabled ? old : Going(old, old with { Enabled = enabled }, now);
            },
            now,
            cancellationToken);
    }

    /// <summary>Deletes a schedule. Its jobs stay.</summary>
    public async Task DeleteAsync(string id, string? revision, Caller caller, CancellationToken cancellationToken)
    {
        await RequireAsync(caller, await schedules.GetAsync(id, cancellationToken), cancellationToken);
        await schedules.DeleteAsync(id, revision, caller.Name, time.GetUtcNow(), cancellationToken);
    }

    /// <summary>Opens a schedule for a caller to look at.</summary>
    /// <exception cref="NotFoundException">There is no such schedule.</exception>
    /// <exception cref="ForbiddenException">It is not for this caller.</exception>
    public async Task<Schedule> OpenAsync(string id, Caller caller, CancellationToken cancellationToken)
    {
        var schedule = await schedules.GetAsync(id, cancellationToken);
        await access.RequireAsync(caller, JobWay.See, schedule.Job.Type, schedule.Job.Model, cancellationToken);
        return schedule;
    }

    /// <summary>Runs a schedule's job now, whether it is paused or not, and whatever its policies are.</summary>
    /// <param name="client">Starts orchestrations.</param>
    /// <param name="id">Which.</param>
    /// <param name="key">The caller's idempotency key: with it, asking again is answered with the same job.</param>
    /// <param name="caller">Who.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public async Task<Job> RunNowAsync(DurableTaskClient client, string id, string? key, Caller caller, CancellationToken cancellationToken)
    {
        if (key is not null)
            JobStore.ValidateKey(key);
        var found = await schedules.GetAsync(id, cancellationToken);
        await access.RequireAsync(caller, JobWay.Submit, found.Job.Type, found.Job.Model, cancellationToken);
        await starter.CheckAsync(found, cancellationToken);
        var asked = new RequestedRun($"schedule:{id}:now:{(key is null ? Guid.NewGuid().ToString("N") : TextHash.Of(key))}", time.GetUtcNow(), caller.Name);

        // Before the job: a server that is killed after this has left a note, and the next look at schedules goes on from it.
        var schedule = await schedules.ChangeAsync(id, read => Task.FromResult(ScheduleStarter.With(read, asked)), cancellationToken);
        return await starter.StartAskedAsync(client, schedule, asked, cancellationToken);
    }

    /// <summary>When a schedule runs next, unless it is changed; nothing while it is paused.</summary>
    public IReadOnlyList<DateTimeOffset> NextRuns(Schedule schedule, int count) =>
        schedule.Enabled && ScheduleExpression.RefusalOf(schedule.Cron) is null
            ? ScheduleClock.Of(schedule.Cron, schedule.TimeZone).Next(time.GetUtcNow(), count)
            : [];

    private Task RequireAsync(Caller caller, Schedule schedule, CancellationToken cancellationToken) =>
        access.RequireAsync(caller, JobWay.Schedule, schedule.Job.Type, schedule.Job.Model, cancellationToken);

    private async Task<Schedule> WholeAsync(
        SchedulePatch patch, Caller caller, string id, IReadOnlyDictionary<string, string> known, DateTimeOffset created, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var schedule = new Schedule
        {
            Id = id,
            Name = patch.Name is { Length: > 0 } name ? name : throw Missing("name"),
            Description = patch.Description ?? "",
            Cron = patch.Cron ?? throw Missing("cron"),
            TimeZone = patch.TimeZone ?? UsualTimeZone,
            Job = patch.Job ?? throw Missing("job"),
            Overlap = patch.Overlap ?? OverlapPolicy.Skip,
            Missed = patch.Missed ?? MissedPolicy.Once,
            Enabled = patch.Enabled ?? true,
            Owner = patch.Owner,
            Created = created,
            Updated = now,
        };
        schedule = schedule with { Progress = new ScheduleProgress { NextRun = NextRun(schedule, now) } };
        return await WithJobAsync(schedule, patch.Job, caller, known, cancellationToken);
    }

    private async Task<Schedule> WithJobAsync(
        Schedule schedule, ScheduledJob job, Caller caller, IReadOnlyDictionary<string, string> known, CancellationToken cancellationToken)
    {
        var type = starter.TypeOf(job.Type);
        if (type.IsAboutModel)
            _ = ModelName.Parse(job.Model);
        await access.RequireAsync(caller, JobWay.Schedule, type.Type, job.Model, cancellationToken);
        var (stored, secrets) = await type.CheckAsync(caller, job, known, cancellationToken);
        return schedule with { Job = stored, Secrets = secrets, Maker = caller };
    }

    // An occurrence that is due at this moment is not lost when a user edits the description.
    private static Schedule Going(Schedule old, Schedule next, DateTimeOffset now)
    {
        if (next.Name.Length == 0)
            throw Missing("name");
        if (!next.Enabled)
        {
            // A new expression is checked even while it does not run; the old one may be one that is no longer taken.
            if ((next.Cron, next.TimeZone) != (old.Cron, old.TimeZone))
                ScheduleClock.Of(next.Cron, next.TimeZone);
            return next with { Progress = SchedulePlan.Paused(old.Progress, now) };
        }

        var isSame = (next.Cron, next.TimeZone, next.Enabled) == (old.Cron, old.TimeZone, old.Enabled);
        return next with { Progress = isSame ? old.Progress : old.Progress with { NextRun = NextRun(next, now) } };
    }

    private static DateTimeOffset? NextRun(Schedule schedule, DateTimeOffset now)
    {
        var clock = ScheduleClock.Of(schedule.Cron, schedule.TimeZone);
        return schedule.Enabled ? clock.NextAfter(now) : null;
    }

    private static InvalidRequestException Missing(string member) => new($"A schedule needs a {member}.");
}

/// <summary>What is asked of a schedule. What is null stays as it is, or, for a whole one, is what it usually is.</summary>
public sealed record SchedulePatch
{
    /// <summary>What people call it.</summary>
    public string? Name { get; init; }

    /// <summary>Free text.</summary>
    public string? Description { get; init; }

    /// <summary>When.</summary>
    public string? Cron { get; init; }

    /// <summary>On whose clock; usually <c>UTC</c>.</summary>
    public string? TimeZone { get; init; }

    /// <summary>What is run.</summary>
    public ScheduledJob? Job { get; init; }

    /// <summary>While an earlier job has not ended; usually skipped.</summary>
    public OverlapPolicy? Overlap { get; init; }

    /// <summary>After a time without a server; usually once.</summary>
    public MissedPolicy? Missed { get; init; }

    /// <summary>Whether it runs; usually.</summary>
    public bool? Enabled { get; init; }

    /// <summary>Who owns it.</summary>
    public string? Owner { get; init; }
}
