namespace Larder.Registry.Jobs;

/// <summary>What decided whether an alias moves to a new version.</summary>
/// <param name="Passed">Whether it may.</param>
/// <param name="Metric">The metric that was compared.</param>
/// <param name="Value">Of the new version; null when it has none.</param>
/// <param name="Threshold">That it had to reach, when one was asked for.</param>
/// <param name="Against">The alias or version that it had to be at least as good as, when one was asked for.</param>
/// <param name="AgainstVersion">The version that this stood for.</param>
/// <param name="AgainstValue">Its metric; null when it has none, and then it was not compared with.</param>
/// <param name="Reason">The decision, in a sentence.</param>
public sealed record JobGate(
    bool Passed, string Metric, double? Value, double? Threshold, string? Against, int? AgainstVersion, double? AgainstValue, string Reason);
