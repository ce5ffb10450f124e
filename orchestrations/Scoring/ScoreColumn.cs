using Larder.Inference.Rows;

namespace Larder.Orchestrations.Scoring;

/// <summary>An output of a model in the result.</summary>
/// <param name="Output">Its place in the signature.</param>
/// <param name="Layout">What its rows are, for CSV.</param>
/// <param name="Names">Its columns; in JSON it has one.</param>
internal sealed record ScoreColumn(int Output, RowLayout Layout, IReadOnlyList<string> Names);
