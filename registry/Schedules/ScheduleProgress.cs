using System.Text.Json.Serialization;

namespace Larder.Registry.Schedules;

/// <summary>How far a schedule is: the state that the server keeps.</summary>
public sealed record ScheduleProgress
{
    /// <summary>The next occurrence that is not decided yet; null while the schedule is paused, or when it has no more occurrences.</summary>
    public DateTimeOffset? NextRun { get; init; }

    /// <summary>Occurrences that are to be run and have no job yet, in order.</summary>
    public IReadOnlyList<DateTimeOffset> Waiting { get; init; } = [];

    /// <summary>Ids of jobs that it started and that had not ended when the server last checked, the newest last.</summary>
    public IReadOnlyList<string> Open { get; init; } = [];

    /// <summary>Manual runs that callers requested and whose job is being created.</summary>
    public IReadOnlyList<RequestedRun> Asked { get; init; } = [];

    /// <summary>The newest run that started a job, or failed to.</summary>
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

/// <summary>The outcome of an occurrence, or of several in a row with the same outcome and reason.</summary>
public sealed record ScheduleRun
{
    /// <summary>The most that are counted: such a <see cref="Count"/> means that many, or more.</summary>
    public const int MaxCount = 10_000;

    /// <summary>1, 2, 3 ... within the schedule.</summary>
    public int Number { get; init; }

    /// <summary>The time that the schedule names; for a manual run, when it was requested. Of several, the newest.</summary>
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

    /// <summary>Whether a caller requested it, instead of the schedule.</summary>
    public bool Manual { get; init; }
}

/// <summary>What became of an occurrence of a schedule.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RunOutcome>))]
public enum RunOutcome
{
    /// <summary>A job was created for it.</summary>
    [JsonStringEnumMemberName("started")] Started,

    /// <summary>The overlap policy, or a pause, skipped it.</summary>
    [JsonStringEnumMemberName("skipped")] Skipped,

    /// <summary>No server ran at that time, and the missed-run policy does not run it later.</summary>
    [JsonStringEnumMemberName("missed")] Missed,

    /// <summary>Its job could not be created.</summary>
    [JsonStringEnumMemberName("failed")] Failed,
}

/// <summary>
/// A manual run, stored before its job is created: a server that continues it after a crash finds the same job by the key, and records the same run for the same
/// caller.
/// </summary>
/// <param name="Key">The idempotency key of the job.</param>
/// <param name="At">When it was requested.</param>
/// <param name="Actor">The caller that requested it.</param>
public sealed record RequestedRun(string Key, DateTimeOffset At, string Actor);
