using Larder.Registry;
using Microsoft.DurableTask.Client;

namespace Larder.Orchestrations;

/// <summary>Makes and starts the jobs of schedules.</summary>
/// <param name="types">What schedules can run.</param>
/// <param name="all">What jobs there are.</param>
/// <param name="submitter">Makes jobs.</param>
/// <param name="scheduler">Starts them.</param>
public sealed class ScheduleStarter(IEnumerable<IScheduledJob> types, IEnumerable<IJobType> all, JobSubmitter submitter, JobScheduler scheduler)
{
    // Schedules that let jobs overlap could otherwise collect them without end.
    private const int MaxOpen = 100;

    /// <summary>What a type of job needs to be scheduled.</summary>
    /// <exception cref="InvalidRequestException">There is no such type, or it cannot be scheduled.</exception>
    public IScheduledJob TypeOf(string type) => types.FirstOrDefault(one => one.Type == type)
        ?? throw new InvalidRequestException(all.FirstOrDefault(one => one.Name == type)?.NotScheduled is { } why
            ? $"A job of the type {type} cannot be scheduled. {why}"
            : $"job.type must be {string.Join(" or ", types.Select(one => one.Type).Order(StringComparer.Ordinal))}.");

    /// <summary>Makes a job of a schedule, with the rights of the schedule's maker, and starts it. Asking again with the same key gives the same job.</summary>
    /// <exception cref="RegistryException">It cannot be had.</exception>
    public async Task<Job> StartAsync(DurableTaskClient client, Schedule schedule, string? key, CancellationToken cancellation)
    {
        var request = await TypeOf(schedule.Job.Type).RequestAsync(schedule.ActsAs, schedule.Job, schedule.Secrets, cancellation);
        var job = await submitter.SubmitAsync(
            request with { Key = key, Fingerprint = key, By = schedule.ActsAs, Owner = schedule.Owner, Schedule = schedule.Id }, cancellation);
        await scheduler.StartAsync(client, job, cancellation);
        return job;
    }

    /// <summary>The schedule with a run written down; the same instance when somebody else has done so.</summary>
    /// <param name="schedule">As it is stored.</param>
    /// <param name="run">With a job, or failed.</param>
    /// <param name="ended">Jobs that are known to have ended.</param>
    internal static Schedule With(Schedule schedule, ScheduleRun run, IReadOnlyList<string> ended)
    {
        var progress = schedule.Progress;
        var isKnown = run.Job is null ? !progress.Waiting.Contains(run.Due) : progress.Runs.Any(known => known.Job == run.Job);
        if (isKnown)
            return schedule;
        progress = progress with
        {
            Waiting = run.Manual ? progress.Waiting : [.. progress.Waiting.Where(due => due != run.Due)],
            Open = run.Job is null ? progress.Open : [.. progress.Open.Except(ended).TakeLast(MaxOpen - 1), run.Job],
        };
        return schedule with { Progress = progress.With(run) };
    }
}
