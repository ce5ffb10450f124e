namespace Larder.Dashboard.Parts;

/// <summary>What a server has answered for a version.</summary>
/// <param name="Reference">The model and the version.</param>
/// <param name="Succeeded">Predictions that succeeded.</param>
/// <param name="Failed">Predictions that failed.</param>
/// <param name="MeanMilliseconds">Mean time of those that succeeded; null without any.</param>
/// <param name="Runs">Runs of the model; fewer than predictions where requests ran together.</param>
/// <param name="Last">When the last was.</param>
public sealed record ServedVersion(string Reference, long Succeeded, long Failed, double? MeanMilliseconds, long Runs, DateTimeOffset? Last);

/// <summary>Jobs of an owner in a month.</summary>
/// <param name="Month">The month, in UTC.</param>
/// <param name="Owner">Who submitted them.</param>
/// <param name="All">How many.</param>
/// <param name="Succeeded">How many of them succeeded.</param>
/// <param name="Failed">How many failed or ran out of time.</param>
public sealed record JobCount(string Month, string Owner, int All, int Succeeded, int Failed);
