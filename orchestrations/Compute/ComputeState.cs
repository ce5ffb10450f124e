namespace Larder.Orchestrations.Compute;

/// <summary>Where a task is.</summary>
public enum ComputeState
{
    /// <summary>The backend knows of no such task: never started, deleted, or lost.</summary>
    Missing,

    /// <summary>Accepted, not running yet: an image is being pulled, a machine is being found.</summary>
    Pending,

    /// <summary>Running.</summary>
    Running,

    /// <summary>Over, and nothing of it runs any more.</summary>
    Exited,
}
