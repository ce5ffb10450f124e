namespace Larder.Registry.Schedules;

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
