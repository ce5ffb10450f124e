using System.Text.Json.Serialization;

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
    public IReadOnlyList<RequestedRun> Asked { get; init; } = [];

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

/// <summary>What became of an occurrence, or of several in a row for the same reason.</summary>
public sealed record ScheduleRun
{
    /// <summary>The most that are counted: such a <see cref="Count"/> means that many, or more.</summary>
    public const int MaxCount = 10_000;

    /// <summary>1, 2, 3 ... within the schedule.</summary>
    public int Number { get; init; }

    /// <summary>When it was due; for a run that somebody asked for, when they did. Of several, the newest.</summary>
    public required DateTimeOffset Due { get; init; }

    /// <summary>Of several, the oldest.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>How many they are.</summary>
    public int Count { get; init; } = 1;

    /// <summary>When it was decided.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>What became of it.</summary>
    public required RunOutcome Outcome { get; init; }

    /// <summary>Why, in a sentence, if it was not run.</summary>
    public string? Reason { get; init; }

    /// <summary>Its job.</summary>
    public string? Job { get; init; }

    /// <summary>Whether somebody asked for it, and not the time.</summary>
    public bool Manual { get; init; }
}

/// <summary>What became of an occurrence of a schedule.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RunOutcome>))]
public enum RunOutcome
{
    /// <summary>It is a job.</summary>
    [JsonStringEnumMemberName("started")] Started,

    /// <summary>The overlap policy, or a pause, left it out.</summary>
    [JsonStringEnumMemberName("skipped")] Skipped,

    /// <summary>No server was there, and it is not made up for.</summary>
    [JsonStringEnumMemberName("missed")] Missed,

    /// <summary>No job could be made of it.</summary>
    [JsonStringEnumMemberName("failed")] Failed,
}

/// <summary>
/// A run that a caller asked for, written down before its job is made: a server that takes it up after a crash comes to the same job by its key, and writes down
/// the same run in the same name.
/// </summary>
/// <param name="Key">The key under which the job is made.</param>
/// <param name="At">When it was asked for.</param>
/// <param name="Actor">Who asked.</param>
public sealed record RequestedRun(string Key, DateTimeOffset At, string Actor);
