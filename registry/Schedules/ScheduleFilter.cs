using Larder.Registry.Models;

namespace Larder.Registry.Schedules;

/// <summary>Which schedules a list has: those that fit all that is not null.</summary>
public sealed record ScheduleFilter
{
    /// <summary>Types of their jobs, any of which fits.</summary>
    public IReadOnlyCollection<string>? Types { get; init; }

    /// <summary>The model's name, as it is.</summary>
    public ModelName? Model { get; init; }

    /// <summary>Whether they run.</summary>
    public bool? Enabled { get; init; }

    /// <summary>Whether a schedule is shown at all, by its job's type and model: not every caller sees every schedule.</summary>
    public Func<string, string, bool>? Shown { get; init; }

    internal bool Matches(Schedule schedule) =>
        Shown?.Invoke(schedule.Job.Type, schedule.Job.Model) != false
        && Types?.Contains(schedule.Job.Type) != false
        && (Model is null || Model == schedule.Job.Model)
        && (Enabled is null || Enabled == schedule.Enabled);
}

/// <summary>Part of a list of schedules.</summary>
/// <param name="Items">The newest first.</param>
/// <param name="Cursor">Asks for the next page; null at the end.</param>
/// <param name="Total">How many fit the filter, on all pages, when this one was read.</param>
public sealed record SchedulePage(IReadOnlyList<Schedule> Items, string? Cursor, int Total);
