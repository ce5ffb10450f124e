namespace Larder.Orchestrations.Training;

/// <summary>Input of the <see cref="TrainModel"/> orchestration: what it needs to decide, and, when it goes on as new, where it was.</summary>
/// <param name="Job">The job's id, which is the instance's too.</param>
/// <param name="Attempts">The most attempts.</param>
/// <param name="TimeoutSeconds">How long an attempt may run.</param>
/// <param name="Compile">Whether to compile.</param>
/// <param name="HasAlias">Whether there is an alias to move.</param>
/// <param name="Watch">The attempt that runs at this moment; null in the beginning.</param>
public sealed record TrainingInput(string Job, int Attempts, int TimeoutSeconds, bool Compile, bool HasAlias, TrainingWatch? Watch = null);
