namespace Larder.Registry.Jobs;

/// <summary>Part of a list of jobs.</summary>
/// <param name="Items">The newest first.</param>
/// <param name="Cursor">Asks for the next page; null at the end.</param>
/// <param name="Total">How many jobs fit the filter, on all pages, when this one was read.</param>
public sealed record JobPage(IReadOnlyList<Job> Items, string? Cursor, int Total);
