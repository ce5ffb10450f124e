namespace Larder.Registry.Schedules;

/// <summary>Part of a list of schedules.</summary>
/// <param name="Items">The newest first.</param>
/// <param name="Cursor">Asks for the next page; null at the end.</param>
/// <param name="Total">How many fit the filter, on all pages, when this one was read.</param>
public sealed record SchedulePage(IReadOnlyList<Schedule> Items, string? Cursor, int Total);
