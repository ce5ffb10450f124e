using Larder.Inference.Limits;
using Larder.Registry.Schedules;

namespace Larder.Orchestrations.Schedules;

/// <summary>Decides which of the occurrences that are due are run. A pure function: two servers with the same schedule and time decide the same.</summary>
internal static class SchedulePlan
{
    /// <summary>The schedule with everything decided that is due: what is to be run waits, what is not is among its runs.</summary>
    /// <param name="schedule">As it is stored.</param>
    /// <param name="now">The time.</param>
    /// <param name="isBusy">Whether a job of it has not ended.</param>
    /// <param name="options">How much of everything.</param>
    public static Schedule Decide(Schedule schedule, DateTimeOffset now, bool isBusy, ScheduleOptions options)
    {
        if (!schedule.Enabled || schedule.Progress.NextRun is not { } first || first > now)
            return schedule;

        var clock = ScheduleClock.Of(schedule.Cron, schedule.TimeZone);
        var before = first.AddTicks(-1);
        var graceBegins = now - options.Grace;
        // The first was promised, and is run even where other rules of the zone or of cron have come with a new release since.
        List<DateTimeOffset> onTime = first > graceBegins ? [first, .. clock.Between(first, now)] : [.. clock.Between(graceBegins, now)];
        var plan = new Decisions(schedule, now, isBusy, options);
        if (first <= graceBegins)
            plan.MakeUpFor(clock, before, graceBegins, isLast: onTime.Count == 0);
        onTime.ForEach(plan.Take);
        return schedule with { Progress = plan.Progress with { NextRun = clock.NextAfter(now) } };
    }

    /// <summary>The progress of a schedule that is paused: nothing comes next, and what was waiting is left out.</summary>
    public static ScheduleProgress Paused(ScheduleProgress progress, DateTimeOffset now)
    {
        progress = progress with { NextRun = null };
        if (progress.Waiting is not [var first, ..])
            return progress;
        return (progress with { Waiting = [] }).With(new ScheduleRun
        {
            Due = progress.Waiting[^1],
            Since = progress.Waiting.Count > 1 ? first : null,
            Count = progress.Waiting.Count,
            At = now,
            Outcome = RunOutcome.Skipped,
            Reason = "The schedule was paused.",
        });
    }

    private sealed class Decisions(Schedule schedule, DateTimeOffset now, bool isBusy, ScheduleOptions options)
    {
        public ScheduleProgress Progress { get; private set; } = schedule.Progress;

        private int Room => Math.Max(0, options.MaxWaiting - Progress.Waiting.Count);

        public void MakeUpFor(ScheduleClock clock, DateTimeOffset after, DateTimeOffset until, bool isLast)
        {
            // With one that is on time, the newest of all runs anyway.
            var most = schedule.Missed switch
            {
                MissedPolicy.All => Room,
                MissedPolicy.Once when isLast => 1,
                _ => 0,
            };
            var wanted = clock.Newest(after, until, most);
            var lostUntil = wanted is [var oldest, ..] ? oldest.AddTicks(-1) : until;
            if (clock.Newest(after, lostUntil, 1) is [var lost])
            {
                var first = clock.NextAfter(after)!.Value;
                Leave(RunOutcome.Missed, lost, LostReason(wanted.Count), clock.Between(after, lostUntil).Take(ScheduleRun.MaxCount).Count(), first);
            }

            foreach (var due in wanted)
            {
                // "All" means all: those wait for each other unless they may overlap.
                if (schedule.Missed == MissedPolicy.All)
                    Wait(due);
                else
                    Take(due);
            }
        }

        public void Take(DateTimeOffset due)
        {
            if (schedule.Overlap == OverlapPolicy.Skip && (isBusy || Progress.Waiting.Count > 0))
                Leave(RunOutcome.Skipped, due, "The job of an earlier run had not ended.");
            else if (Room == 0)
                Leave(RunOutcome.Skipped, due, $"{options.MaxWaiting} earlier ones were waiting already.");
            else
                Wait(due);
        }

        private void Wait(DateTimeOffset due) => Progress = Progress with { Waiting = [.. Progress.Waiting, due] };

        private void Leave(RunOutcome outcome, DateTimeOffset due, string reason, int count = 1, DateTimeOffset? since = null) =>
            Progress = Progress.With(new ScheduleRun
            {
                Due = due,
                Since = count > 1 ? since : null,
                Count = count,
                At = now,
                Outcome = outcome,
                Reason = reason,
            });

        private string LostReason(int wanted) => (schedule.Missed, wanted) switch
        {
            (MissedPolicy.All, _) => $"No server was there at the time; only the newest {options.MaxWaiting} are made up for.",
            (MissedPolicy.Once, _) => "No server was there at the time; only the newest is made up for.",
            _ => "No server was there at the time.",
        };
    }
}

/// <summary>How schedules are run (settings <c>Schedules:*</c>).</summary>
public sealed record ScheduleOptions
{
    /// <summary>Age from which an occurrence counts as missed: no server was there at its time. Longer than a restart takes.</summary>
    [Between("00:00:10", "01:00:00")]
    public TimeSpan Grace { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Occurrences of one schedule that may wait to be run, those of a time without a server included.</summary>
    [Between(1, 1000)]
    public int MaxWaiting { get; init; } = 100;

    /// <summary>The most jobs that are started each time that schedules are looked at; the rest comes the next time.</summary>
    [AtLeast(1)]
    public int MaxStarts { get; init; } = 100;

    /// <summary>The most schedules.</summary>
    [AtLeast(0)]
    public int MaxSchedules { get; init; } = 1000;
}
