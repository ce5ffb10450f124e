namespace Larder.Orchestrations.Compute;

/// <summary>What a backend is to run.</summary>
public sealed record ComputeTask
{
    /// <summary>Which attempt of which job.</summary>
    public required ComputeId Id { get; init; }

    /// <summary>What it may use; checked before by <see cref="IComputeBackend.Validate"/>.</summary>
    public required ComputeResources Resources { get; init; }

    /// <summary>Program and arguments, as they are: no shell reads them.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Environment variables whose values must not be logged or shown: URLs with a signature.</summary>
    public required IReadOnlyDictionary<string, string> SecureEnvironment { get; init; }

    /// <summary>URLs that its code uses, signatures and all: what it reaches when a backend gives it no other network. One of a container stands for all below it.</summary>
    public IReadOnlyList<string> Urls { get; init; } = [];

    /// <summary>How long it may run. The orchestration watches this too; a backend that can enforce it by itself does.</summary>
    public required TimeSpan Timeout { get; init; }
}

/// <summary>One attempt of a job: what a backend runs once.</summary>
/// <param name="Job">The job's id: 1 to 40 lower-case letters and digits.</param>
/// <param name="Attempt">1, 2, 3 ...</param>
public sealed record ComputeId(string Job, int Attempt);

/// <summary>What a job asks of the machine that it runs on.</summary>
/// <param name="Image">Container image; null for the backend's default. A backend without containers refuses any.</param>
/// <param name="Cpu">Cores; null for the backend's default.</param>
/// <param name="MemoryGb">Gigabytes of memory (10^9 bytes); null for the backend's default.</param>
/// <param name="Gpu">GPUs; 0 for none.</param>
public sealed record ComputeResources(string? Image = null, double? Cpu = null, double? MemoryGb = null, int Gpu = 0);

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

/// <summary>What a backend knows of a task.</summary>
/// <param name="State">Where it is.</param>
/// <param name="ExitCode">Of the command, when it has ended and the backend knows it; 128 + n when signal n ended it.</param>
/// <param name="Reason">Why it failed or waits, in a sentence, when the backend knows: its own message or the service's.</param>
/// <param name="TimedOut">Whether the backend ended it for taking longer than its timeout.</param>
public sealed record ComputeStatus(ComputeState State, int? ExitCode = null, string? Reason = null, bool TimedOut = false);

/// <summary>A backend cannot run a task, and trying again would not help: the message is the reason, in a sentence.</summary>
public sealed class ComputeFailedException(string message) : Exception(message);
