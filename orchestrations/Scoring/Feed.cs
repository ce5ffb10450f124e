namespace Larder.Orchestrations;

/// <summary>What goes into an input of a model.</summary>
/// <param name="Columns">Columns with one value each; or the one with the whole value.</param>
/// <param name="IsWhole">Whether the value is nested JSON.</param>
internal sealed record Feed(IReadOnlyList<string> Columns, bool IsWhole = false);
