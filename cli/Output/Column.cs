namespace Larder.Cli.Output;

/// <summary>A column of a list.</summary>
/// <param name="Name">Its name, the heading in CSV.</param>
/// <param name="Value">Its value for an item; null for none.</param>
internal sealed record Column<T>(string Name, Func<T, string?> Value)
{
    /// <summary>The heading in a table. A name that the server gave stays as it is.</summary>
    public string Heading { get; init; } = Name.ToUpperInvariant();
}
