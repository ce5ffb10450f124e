namespace Larder.Orchestrations.Scoring;

/// <summary>What goes into an input of a model.</summary>
/// <param name="Columns">Columns with one value each; or the one with the whole value.</param>
/// <param name="IsWhole">Whether the value is nested JSON.</param>
internal sealed record InputMapping(IReadOnlyList<string> Columns, bool IsWhole = false);
