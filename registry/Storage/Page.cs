namespace Larder.Registry.Storage;

/// <summary>Part of a list.</summary>
/// <param name="Items">In order. Fewer than were asked for do not mean the end.</param>
/// <param name="Cursor">Asks for the next page; null at the end.</param>
/// <typeparam name="T">What is listed.</typeparam>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Cursor);
