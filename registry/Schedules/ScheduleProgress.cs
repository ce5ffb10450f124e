namespace Larder.Registry.Schedules;

/// <summary>How far a schedule is: what the server writes down about it.</summary>
public sealed record ScheduleProgress
{
    /// <summary>The first occurrence about which nothing is decided; null while it is paused, or when none comes any more.</summary>
    public DateTimeOffset? NextRun { get; init; }

    /// <summary>Occurrences that are to be run and have no job yet, in order.</summary>
    public IReadOnlyList<DateTimeOffset> Waiting { get; init; } = [];

    /// <summary>Ids of jobs that it started and that had not ended when they were last looked at, the newest last.</summary>
    public IReadOnlyList<string> Open { get; init; } = [];

    /// <summary>Runs that callers asked for, not by the clock, and whose job is being made.</summary>
    public IReadOnlyList<AskedRun> Asked { get; init; } = [];

    /// <summary>The newest run that came to a job, or should have.</summary>
    public ScheduleRun? LastRun { get; init; }

    /// <summary>What became of the newest occurrences, the newest first.</summary>
    public IReadOnlyList<ScheduleRun> Runs { get; init; } = [];

    /// <summary>The progress with another run. One that was left out for the same reason as the one before is counted there.</summary>
    public ScheduleProgress With(ScheduleRun run)
    {
        var last = Runs is [var newest, ..] ? newest : null;
        run = run with { Number = (last?.Number ?? 0) + 1 };
        var joins = last is { Job: null, Manual: false } && run is { Job: null, Manual: false } && (last.Outcome, last.Reason) == (run.Outcome, run.Reason);
        if (joins)
        {
            run = run with
            {
                Number = last!.Number,
                Since = last.Since ?? last.Due,
                Count = Math.Min(ScheduleRun.MaxCount, last.Count + run.Count),
            };
        }

        return this with
        {
            LastRun = run.Outcome is RunOutcome.Started or RunOutcome.Failed ? run : LastRun,
            Runs = [run, .. Runs.Skip(joins ? 1 : 0).Take(ScheduleStore.MaxRuns - 1)],
        };
    }
}
