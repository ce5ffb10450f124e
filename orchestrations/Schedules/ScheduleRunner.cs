using System.Globalization;
using Larder.Inference;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Schedules;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;

namespace Larder.Orchestrations.Schedules;

/// <summary>
/// Runs the occurrences that are due. First one write decides which of them are to be run; those wait in the schedule until their job exists. A job is created
/// under an idempotency key of the schedule and the due time, so a server that takes up a waiting occurrence, after a crash or at the same time as another, creates the same job.
/// </summary>
/// <param name="schedules">The schedules.</param>
/// <param name="jobs">Their jobs.</param>
/// <param name="starter">Starts these.</param>
/// <param name="options">How much of everything.</param>
/// <param name="time">For times and waits.</param>
/// <param name="logger">For what went wrong.</param>
public sealed partial class ScheduleRunner(
    ScheduleStore schedules, JobStore jobs, ScheduleStarter starter, ScheduleOptions options, TimeProvider time, ILogger<ScheduleRunner> logger)
{
    private const int Parallelism = 4;

    private static readonly TimeSpan AnswerTime = TimeSpan.FromMinutes(1);

    // Of the audit record when no person changes the schedule: a new release does.
    private const string Actor = "deployment";

    /// <summary>Reads all schedules and starts the jobs that are due. Several servers may do so at the same time.</summary>
    public async Task RunAsync(DurableTaskClient client, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var due = new List<Schedule>();
        await foreach (var schedule in schedules.ScanAsync(cancellationToken))
        {
            var isDue = schedule.Enabled
                && (schedule.Progress.NextRun <= now || schedule.Progress.Waiting.Count > 0 || ScheduleExpression.RefusalOf(schedule.Cron) is not null);
            if (isDue || LeftBehind(schedule, now).Any())
                due.Add(schedule);
        }

        // Who has waited longest comes first, so that a bounded number of starts reaches everybody in the end.
        due.Sort((one, other) => Oldest(one).CompareTo(Oldest(other)));
        var starts = new Starts(options.MaxStarts);
        await Parallel.ForEachAsync(
            due,
            new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken },
            async (schedule, cancel) => await ReconcileAsync(client, schedule, starts, cancel));
    }

    // Older ones were left by a server that was killed; in younger ones the request may still be under way.
    private static IEnumerable<RequestedRun> LeftBehind(Schedule schedule, DateTimeOffset now) => schedule.Progress.Asked.Where(asked => now - asked.At > AnswerTime);

    private static DateTimeOffset Oldest(Schedule schedule) =>
        schedule.Progress.Waiting is [var waiting, ..] ? waiting : schedule.Progress.NextRun ?? DateTimeOffset.MaxValue;

    private async Task ReconcileAsync(DurableTaskClient client, Schedule schedule, Starts starts, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var asked in LeftBehind(schedule, time.GetUtcNow()))
                await GoOnAsync(client, schedule, asked, cancellationToken);
            if (!schedule.Enabled)
                return;
            if (ScheduleExpression.RefusalOf(schedule.Cron) is not null)
                schedule = await PauseAsync(schedule.Id, cancellationToken);
            if (schedule.Progress.NextRun <= time.GetUtcNow())
                schedule = await schedules.ChangeAsync(schedule.Id, read => DecideAsync(read, cancellationToken), cancellationToken);
            while (schedule.Enabled
                && schedule.Progress.Waiting is [var due, ..]
                && (schedule.Overlap == OverlapPolicy.Allow || (await StillOpenAsync(schedule, cancellationToken)).Count == 0)
                && starts.TryTake())
            {
                schedule = await StartAsync(client, schedule, due, cancellationToken);
            }
        }
        catch (NotFoundException)
        {
            // It was deleted meanwhile.
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // The other schedules go on; the occurrences of this one stay due.
            LogInterrupted(e, schedule.Id);
        }
    }

    private async Task GoOnAsync(DurableTaskClient client, Schedule schedule, RequestedRun asked, CancellationToken cancellationToken)
    {
        try
        {
            var job = await starter.StartAskedAsync(client, schedule, asked, cancellationToken);
            LogStarted(schedule.Id, asked.At, job.Id);
        }
        catch (LarderException e) when (e is { IsPermanent: true } and not NotFoundException)
        {
            LogFailed(schedule.Id, asked.At, e.Message);
        }
    }

    // An earlier release took the expression, and it may have meant something else there.
    private Task<Schedule> PauseAsync(string id, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return schedules.ReviseAsync(
            id,
            revision: null,
            "pause",
            Actor,
            read =>
            {
                if (!read.Enabled || ScheduleExpression.RefusalOf(read.Cron) is not { } why)
                    return Task.FromResult(read);
                LogPaused(id, why);
                var run = new ScheduleRun { Due = now, At = now, Outcome = RunOutcome.Skipped, Reason = $"The schedule was paused: {why}" };
                return Task.FromResult(read with { Enabled = false, Progress = SchedulePlan.Paused(read.Progress, now).With(run) });
            },
            now,
            cancellationToken);
    }

    private async Task<Schedule> DecideAsync(Schedule schedule, CancellationToken cancellationToken)
    {
        if (schedule.Overlap != OverlapPolicy.Allow)
        {
            var open = await StillOpenAsync(schedule, cancellationToken);
            if (open.Count < schedule.Progress.Open.Count)
                schedule = schedule with { Progress = schedule.Progress with { Open = open } };
        }

        return SchedulePlan.Decide(schedule, time.GetUtcNow(), isBusy: schedule.Progress.Open.Count > 0, options);
    }

    private async Task<Schedule> StartAsync(DurableTaskClient client, Schedule schedule, DateTimeOffset due, CancellationToken cancellationToken)
    {
        var run = new ScheduleRun { Due = due, At = time.GetUtcNow(), Outcome = RunOutcome.Started };
        try
        {
            var job = await starter.StartAsync(client, schedule, Key(schedule, due), cancellationToken);
            LogStarted(schedule.Id, due, job.Id);
            run = run with { Job = job.Id };
        }
        catch (LarderException e) when (e.IsPermanent)
        {
            LogFailed(schedule.Id, due, e.Message);
            run = run with { Outcome = RunOutcome.Failed, Reason = e.Message };
        }

        // Where jobs may not overlap, all those that were open have ended by now.
        IReadOnlyList<string> ended = schedule.Overlap == OverlapPolicy.Allow ? [] : schedule.Progress.Open;
        return await schedules.ChangeAsync(schedule.Id, read => Task.FromResult(ScheduleStarter.With(read, run, ended)), cancellationToken);
    }

    private async Task<IReadOnlyList<string>> StillOpenAsync(Schedule schedule, CancellationToken cancellationToken)
    {
        var open = new List<string>();
        foreach (var id in schedule.Progress.Open)
        {
            try
            {
                if (!(await jobs.GetAsync(id, cancellationToken)).IsFinal)
                    open.Add(id);
            }
            catch (NotFoundException)
            {
                // Only jobs that are over can be deleted.
            }
        }

        return open;
    }

    // Of the moment, not of how a clock showed it: a schedule's time zone may have changed since.
    private static string Key(Schedule schedule, DateTimeOffset due) =>
        string.Create(CultureInfo.InvariantCulture, $"schedule:{schedule.Id}:{due.UtcDateTime:O}");

    [LoggerMessage(1, LogLevel.Error, "The schedule {Schedule} could not be looked after; it is tried again.")]
    private partial void LogInterrupted(Exception exception, string schedule);

    [LoggerMessage(2, LogLevel.Warning, "No job could be made of what the schedule {Schedule} had due at {Due:O}: {Reason}")]
    private partial void LogFailed(string schedule, DateTimeOffset due, string reason);

    [LoggerMessage(3, LogLevel.Information, "What the schedule {Schedule} had due at {Due:O} is job {Job}.")]
    private partial void LogStarted(string schedule, DateTimeOffset due, string job);

    [LoggerMessage(4, LogLevel.Warning, "The schedule {Schedule} is paused: {Reason}")]
    private partial void LogPaused(string schedule, string reason);

    private sealed class Starts(int most)
    {
        private int _taken;

        public bool TryTake() => Interlocked.Increment(ref _taken) <= most;
    }
}
