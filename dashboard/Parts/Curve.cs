namespace Larder.Dashboard.Parts;

/// <summary>A metric over the steps of some runs.</summary>
/// <param name="Metric">Its name.</param>
/// <param name="Lines">A line for each run.</param>
public sealed record Curve(string Metric, IReadOnlyList<CurveLine> Lines);

/// <summary>The values that one run has logged of a metric.</summary>
/// <param name="Name">The run's name.</param>
/// <param name="Points">By step.</param>
public sealed record CurveLine(string Name, IReadOnlyList<CurvePoint> Points);

/// <summary>A logged value.</summary>
/// <param name="Step">The step.</param>
/// <param name="Timestamp">When, in milliseconds since 1970.</param>
/// <param name="Value">The value.</param>
public sealed record CurvePoint(long Step, long Timestamp, double Value);
