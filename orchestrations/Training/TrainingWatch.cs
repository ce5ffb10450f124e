namespace Larder.Orchestrations.Training;

/// <summary>An attempt that is being watched.</summary>
/// <param name="Attempt">Its number.</param>
/// <param name="Accepted">When the backend accepted it.</param>
/// <param name="Running">When it was first seen running; null while it waits for its machine or image.</param>
public sealed record TrainingWatch(int Attempt, DateTime Accepted, DateTime? Running = null);
