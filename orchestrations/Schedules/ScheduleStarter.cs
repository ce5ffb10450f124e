using Larder.Inference;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Schedules;
using Microsoft.DurableTask.Client;

namespace Larder.Orchestrations.Schedules;

/// <summary>Submits and starts the jobs of schedules.</summary>
/// <param name="types">What schedules can run.</param>
/// <param name="all">What jobs there are.</param>
/// <param name="submitter">Makes jobs.</param>
/// <param name="scheduler">Starts them.</param>
/// <param name="schedules">Where runs that callers ask for are written down.</param>
public sealed class ScheduleStarter(
    IEnumerable<IScheduledJob> types, IEnumerable<IJobType> all, JobSubmitter submitter, JobScheduler scheduler, ScheduleStore schedules)
{
    // Runs that a server is about to start, or was killed before it could.
    private const int MaxAsked = 100;

    // Schedules that let jobs overlap could otherwise collect them without end.
    private const int MaxOpen = 100;

    /// <summary>What a type of job needs to be scheduled.</summary>
    /// <exception cref="InvalidRequestException">There is no such type, or it cannot be scheduled.</exception>
    public IScheduledJob TypeOf(string type) => types.FirstOrDefault(one => one.Type == type)
        ?? throw new InvalidRequestException(all.FirstOrDefault(one => one.Name == type)?.NotScheduled is { } why
            ? $"A job of the type {type} cannot be scheduled. {why}"
            : $"job.type must be {string.Join(" or ", types.Select(one => one.Type).Order(StringComparer.Ordinal))}.");

    /// <summary>Checks whether a schedule's job could be submitted at this moment.</summary>
    /// <exception cref="LarderException">It cannot.</exception>
    public Task CheckAsync(Schedule schedule, CancellationToken cancellationToken) => TypeOf(schedule.Job.Type).RequestAsync(schedule.ActsAs, schedule.Job, schedule.Secrets, cancellationToken);

    /// <summary>Makes the job of a run that a caller asked for, starts it, and writes it down, with its audit record. Doing it again gives the same job and one record.</summary>
    /// <param name="client">Starts orchestrations.</param>
    /// <param name="schedule">With the run among <see cref="ScheduleProgress.Asked"/>.</param>
    /// <param name="asked">The run.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="LarderException">The job cannot be had; unless storage does not answer, that is written down too.</exception>
    public async Task<Job> StartAskedAsync(DurableTaskClient client, Schedule schedule, RequestedRun asked, CancellationToken cancellationToken)
    {
        var run = new ScheduleRun { Due = asked.At, At = asked.At, Outcome = RunOutcome.Started, Manual = true };
        Job job;
        try
        {
            job = await StartAsync(client, schedule, asked.Key, cancellationToken);
        }
        catch (LarderException e) when (e.IsPermanent)
        {
            var failed = run with { Outcome = RunOutcome.Failed, Reason = e.Message };
            await schedules.ChangeAsync(
                schedule.Id, read => Task.FromResult(Without(read, asked) is var rest && ReferenceEquals(rest, read) ? read : rest with { Progress = rest.Progress.With(failed) }), CancellationToken.None);
            throw;
        }

        run = run with { Job = job.Id };
        await schedules.RecordRunAsync(
            schedule.Id, job.Id, asked.Actor, read => With(read, run, ended: []) is var next && ReferenceEquals(next, read) ? read : Without(next, asked), asked.At, CancellationToken.None);
        // It was written down before: by an earlier request with the same key, or by another server that took the run up.
        await schedules.ChangeAsync(schedule.Id, read => Task.FromResult(Without(read, asked)), CancellationToken.None);
        return job;
    }

    /// <summary>Makes a job of a schedule, with the rights of the schedule's maker, and starts it. Asking again with the same key gives the same job.</summary>
    /// <exception cref="LarderException">It cannot be had.</exception>
    public async Task<Job> StartAsync(DurableTaskClient client, Schedule schedule, string? key, CancellationToken cancellationToken)
    {
        var request = await TypeOf(schedule.Job.Type).RequestAsync(schedule.ActsAs, schedule.Job, schedule.Secrets, cancellationToken);
        return await scheduler.SubmitAndStartAsync(client, submitter.SubmitAsync(
            request with { Key = key, Fingerprint = key, By = schedule.ActsAs, Owner = schedule.Owner, Schedule = schedule.Id }, cancellationToken));
    }

    /// <summary>The schedule with a run added that a caller asked for; the same instance when it has that already.</summary>
    /// <exception cref="ConflictException">It has as many as it may.</exception>
    internal static Schedule With(Schedule schedule, RequestedRun asked)
    {
        var all = schedule.Progress.Asked;
        if (all.Any(known => known.Key == asked.Key))
            return schedule;
        if (all.Count >= MaxAsked)
            throw new ConflictException($"{all.Count} runs of the schedule {schedule.Id} are being started already, which is the most; try again later.");
        return schedule with { Progress = schedule.Progress with { Asked = [.. all, asked] } };
    }

    private static Schedule Without(Schedule schedule, RequestedRun asked)
    {
        var rest = schedule.Progress.Asked.Where(known => known.Key != asked.Key).ToList();
        return rest.Count == schedule.Progress.Asked.Count ? schedule : schedule with { Progress = schedule.Progress with { Asked = rest } };
    }

    /// <summary>The schedule with a run added; the same instance when another server has added it.</summary>
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
