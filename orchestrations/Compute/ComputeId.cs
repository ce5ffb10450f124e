namespace Larder.Orchestrations.Compute;

/// <summary>One attempt of a job: what a backend runs once.</summary>
/// <param name="Job">The job's id: 1 to 40 lower-case letters and digits.</param>
/// <param name="Attempt">1, 2, 3 ...</param>
public sealed record ComputeId(string Job, int Attempt);
