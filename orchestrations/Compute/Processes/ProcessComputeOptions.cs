using System.ComponentModel.DataAnnotations;
using Larder.Inference;

namespace Larder.Orchestrations;

/// <summary>How jobs run as processes of this machine.</summary>
public sealed record ProcessComputeOptions
{
    /// <summary>Folder of the jobs' folders, <c>{job}/{attempt}/</c>. Only this backend writes there. Empty until it is known where local files go.</summary>
    public string Folder { get; init; } = "";

    /// <summary>Tasks that run at the same time; null for as many as there are cores.</summary>
    [AtLeast(1)]
    public int? MaxConcurrent { get; init; }

    /// <summary>
    /// Cores of a task that does not say; null for all that there are. With the time-out it makes the CPU time that each process of a task may use.
    /// </summary>
    [AtLeast(0.001)]
    public double? DefaultCpu { get; init; }

    /// <summary>
    /// Gigabytes (10^9 bytes) of address space that each process of a task may use when the task does not say; null for no limit, since libraries
    /// reserve far more than they use.
    /// </summary>
    [AtLeast(0.001)]
    public double? DefaultMemoryGb { get; init; }

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

    /// <summary>Whether this is Azure, where jobs' code must not run beside the app: it would have the app's identity. No setting.</summary>
    internal bool RunsInAzure { get; init; } = AppService.IsHere;
}
