using Larder.Contracts;
using Larder.Functions.Http;
using Larder.Functions.Tokens;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Schedules;

namespace Larder.Functions.Schedules;

/// <summary>Maps schedules and their runs to what answers show: with the state of their jobs, and without secrets.</summary>
public sealed class ScheduleAnswers(JobStore jobs)
{
    // Point reads at the same time.
    private const int Parallelism = 16;

    /// <summary>Schedules of a list.</summary>
    internal Task<IReadOnlyList<ScheduleDetails>> OfAsync(IEnumerable<Schedule> schedules, CancellationToken cancellationToken) =>
        AllAsync(schedules, OfAsync, cancellationToken);

    /// <summary>A schedule.</summary>
    internal async Task<ScheduleDetails> OfAsync(Schedule schedule, CancellationToken cancellationToken) =>
        Of(schedule, await FindAsync(schedule.Progress.LastRun?.Job, cancellationToken));

    /// <summary>Runs of a list.</summary>
    internal Task<IReadOnlyList<ScheduleRunDetails>> OfAsync(IEnumerable<ScheduleRun> runs, CancellationToken cancellationToken) =>
        AllAsync(runs, async (run, cancellationToken) => Of(run, await FindAsync(run.Job, cancellationToken)), cancellationToken);

    /// <summary>A schedule and the job of its last run; null when there is none any more.</summary>
    internal static ScheduleDetails Of(Schedule schedule, Job? lastJob) => new()
    {
        Id = schedule.Id,
        Name = schedule.Name,
        Description = schedule.Description,
        Cron = schedule.Cron,
        TimeZone = schedule.TimeZone,
        Job = new ScheduledJobDetails
        {
            Type = schedule.Job.Type,
            Model = schedule.Job.Model,
            Options = schedule.Job.Options,
            Inputs = new ScheduledInputDetails
            {
                Job = schedule.Job.Inputs.Job,
                Version = schedule.Job.Inputs.Version,
                Dataset = schedule.Job.Inputs.Dataset,
                Blob = schedule.Job.Inputs.Blob,
            },
        },
        Overlap = WireNames.Of(schedule.Overlap),
        Missed = WireNames.Of(schedule.Missed),
        Enabled = schedule.Enabled,
        Owner = schedule.Owner,
        Maker = schedule.Maker is { } maker
            ? new CallerDetails { Name = maker.Name, Role = WireNames.Of(maker.Role), Scope = TokenAnswers.Of(maker.Scope) }
            : null,
        Created = schedule.Created,
        Updated = schedule.Updated,
        Revision = schedule.Revision,
        NextRun = schedule.Progress.NextRun,
        Waiting = schedule.Progress.Waiting,
        LastRun = schedule.Progress.LastRun is { } run ? Of(run, lastJob) : null,
    };

    /// <summary>A run and its job; null when there is none any more.</summary>
    internal static ScheduleRunDetails Of(ScheduleRun run, Job? job) => new()
    {
        Number = run.Number,
        Due = run.Due,
        Since = run.Since,
        Count = run.Count,
        At = run.At,
        Outcome = WireNames.Of(run.Outcome),
        Reason = run.Reason ?? job?.Reason,
        Job = run.Job,
        Manual = run.Manual,
        State = job is null ? null : WireNames.Of(job.State),
        Version = job?.Version,
        Finished = job?.Finished,
    };

    private static async Task<IReadOnlyList<TDetails>> AllAsync<T, TDetails>(
        IEnumerable<T> items, Func<T, CancellationToken, Task<TDetails>> map, CancellationToken cancellationToken)
    {
        var details = new List<TDetails>();
        foreach (var some in items.Chunk(Parallelism))
            details.AddRange(await Task.WhenAll(some.Select(item => map(item, cancellationToken))));
        return details;
    }

    private async Task<Job?> FindAsync(string? id, CancellationToken cancellationToken)
    {
        try
        {
            return id is null ? null : await jobs.GetAsync(id, cancellationToken);
        }
        catch (NotFoundException)
        {
            // A caller deleted it after the run.
            return null;
        }
    }
}
