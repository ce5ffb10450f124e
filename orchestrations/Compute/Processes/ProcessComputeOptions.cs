using System.ComponentModel.DataAnnotations;
using Larder.Inference.Limits;

namespace Larder.Orchestrations.Compute.Processes;

/// <summary>How jobs run as processes of this machine.</summary>
public sealed record ProcessComputeOptions : IValidatableObject
{
    /// <summary>Folder of the jobs' folders, <c>{job}/{attempt}/</c>. Only this backend writes there. Empty until it is known where local files go.</summary>
    public string Folder { get; init; } = "";

    /// <summary>Tasks that run at the same time; null for as many as there are cores.</summary>
    [AtLeast(1)]
    public int? MaxConcurrent { get; init; }

    /// <summary>
    /// Cores of a task that does not say; null for all that there are. With the timeout it makes the CPU time that each process of a task may use; where
    /// this user may make control groups (cgroups(7)), the task gets no more of them at a time either.
    /// </summary>
    [AtLeast(0.001)]
    public double? DefaultCpu { get; init; }

    /// <summary>
    /// Gigabytes (10^9 bytes) that a task may use when it does not say; null for no limit. Memory of the task where this user may make control groups, else
    /// address space of each of its processes, of which libraries reserve far more than they use.
    /// </summary>
    [AtLeast(0.001)]
    public double? DefaultMemoryGb { get; init; }

    /// <summary>
    /// Processes and threads of a task. It holds where this user may make control groups, and in a sandbox of a user who is not root (Linux 5.14).
    /// </summary>
    [AtLeast(16)]
    public int Processes { get; init; } = 4096;

    /// <summary>Bytes of disk that a task's folder may take, and the longest file that it may write.</summary>
    [AtLeast(1)]
    public long DiskBytes { get; init; } = 10_000_000_000;

    /// <summary>From SIGTERM to SIGKILL. bootstrap.py gives the script 10 s of it, and needs the rest for the log and exit.json.</summary>
    [AtLeast("00:00:00")]
    public TimeSpan StopGrace { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long an attempt waits for the server that runs it to be heard from again, before another server counts it as lost and a new attempt begins.
    /// It is renewed every quarter of it.
    /// </summary>
    [Between("00:00:04", "01:00:00")]
    public TimeSpan LeaseTtl { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Python 3.8 or later. It runs the supervisor, and commands that ask for <c>python3</c>.</summary>
    [Required(ErrorMessage = "It must not be empty.")]
    public string Python { get; init; } = "python3";

    /// <summary>Whether tasks run in a sandbox (<see cref="ProcessSandbox"/>).</summary>
    public SandboxUse Sandbox { get; init; } = SandboxUse.Auto;

    /// <summary>What a task in a sandbox reaches of the network. The machine's by default: requirements come from PyPI.</summary>
    public SandboxNetwork Network { get; init; } = SandboxNetwork.Host;

    /// <summary>
    /// Folders that a task in a sandbox may read, besides the system's (<c>/usr</c>) and Python's own: whole paths, with semicolons between them. For
    /// libraries that are elsewhere, as <c>/opt/cuda</c>.
    /// </summary>
    public string ReadFolders { get; init; } = "";

    /// <summary><see cref="ReadFolders"/>, one by one.</summary>
    internal IReadOnlyList<string> ReadableFolders() => ReadFolders.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var folder in ReadableFolders())
        {
            if (!Path.IsPathRooted(folder) || Path.GetFullPath(folder) == Path.GetPathRoot(folder))
                yield return new ValidationResult($"Each folder is a whole path, and not the root of all; got '{folder}'.", [nameof(ReadFolders)]);
        }
    }

    /// <summary>The program that makes sandboxes. No setting.</summary>
    internal string Bubblewrap { get; init; } = "bwrap";

    /// <summary>Whether this is Azure, where jobs' code must not run beside the app: it would have the app's identity. No setting.</summary>
    internal bool RunsInAzure { get; init; } = ComputeOptions.IsAzure;
}
