namespace Larder.Cli.Output;

/// <summary>A column of a list.</summary>
/// <param name="Name">Its heading.</param>
/// <param name="Value">Its value for an item; null for none.</param>
internal sealed record Column<T>(string Name, Func<T, string?> Value);
