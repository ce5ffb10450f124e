namespace Larder.Orchestrations.Scoring;

/// <summary>Input of the <see cref="ScoreDataset"/> orchestration: what it needs to decide, and, when it goes on as new, how far it is.</summary>
/// <param name="Job">The job's id, which is the instance's too.</param>
/// <param name="Parallel">Chunks at the same time.</param>
/// <param name="MaxErrors">Rows that may fail; null for any number.</param>
/// <param name="Progress">How far it is; null in the beginning.</param>
public sealed record ScoringInput(string Job, int Parallel, long? MaxErrors, ScoringProgress? Progress = null);
